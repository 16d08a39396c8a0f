import { availableParallelism } from "node:os";

import {
  defineConfig,
  type TestProjectInlineConfiguration,
  type TestUserConfig,
} from "vitest/config";

import { CONDITION, LAB_CONDITION, LAB_TEST, TEST } from "./testing/patience.ts";

/**
 * A test file's suffix names its project:
 *
 * - `*.test.ts` unit: no root, no network, done in moments
 * - `*.slow.test.ts` what `make check` has no time or no root for, and no lab: the real engine, servers,
 *   WireGuard and PostgreSQL of this computer
 * - `*.contract.test.ts` the contract of Netmaker's API, on whichever server NETMAKER_URL names
 * - `*.lab.test.ts` inside the network of a lab that stands
 * - `*.host.test.ts` commands of the lab, from the computer it runs on; each makes the lab it needs
 *
 * testing/run.ts runs the slow ones; `npx vitest run --project=<name> [file …]` runs some.
 */
const SLOW = "**/*.{slow,contract,lab,host}.test.ts";

/** Unit tests of modules that read the environment when they are loaded: each file gets a process. */
const ISOLATED = ["store", "sources", "sizes"].map((name) => `lab/images/${name}.test.ts`);

/** What tests wait for, with a lab and without one; single tests have no limits of their own. */
const PATIENCE = {
  testTimeout: TEST,
  hookTimeout: TEST,
  expect: { poll: { timeout: CONDITION } },
};
const LAB_PATIENCE = {
  testTimeout: LAB_TEST,
  hookTimeout: LAB_TEST,
  expect: { poll: { timeout: LAB_CONDITION } },
};

const UNIT = { ...PATIENCE, restoreMocks: true };

/** Files that share a machine, a server or a lab run one after another, each in a process of its own. */
const ONE_BY_ONE = { pool: "forks", maxWorkers: 1 } as const;

/** Before each test file: Pulumi's SDK loads in less than half of the time. */
const setupFiles = ["packages/pulumi-kit/deferred.ts"];

const projects: TestProjectInlineConfiguration[] = [
  {
    test: {
      ...UNIT,
      name: "unit",
      setupFiles,
      include: ["**/*.test.ts"],
      exclude: ["**/node_modules/**", ".fogline/**", SLOW, ...ISOLATED],
      // Tests that share a thread load the SDKs once, which is most of their time.
      pool: "threads",
      isolate: false,
    },
  },
  { test: { ...UNIT, name: "unit-isolated", include: ISOLATED, exclude: [SLOW], pool: "forks" } },
  {
    test: {
      ...PATIENCE,
      name: "slow",
      setupFiles,
      include: ["**/*.slow.test.ts"],
      globalSetup: "lab/testing/netmaker/global-setup.ts",
      pool: "forks",
    },
  },
  {
    test: {
      ...ONE_BY_ONE,
      ...PATIENCE,
      name: "contract",
      setupFiles,
      include: ["**/*.contract.test.ts"],
      globalSetup: "packages/pulumi-netmaker/contract/setup.ts",
    },
  },
  {
    test: {
      ...ONE_BY_ONE,
      ...LAB_PATIENCE,
      name: "lab",
      setupFiles,
      include: ["lab/tests/*.lab.test.ts"],
    },
  },
  {
    test: {
      ...ONE_BY_ONE,
      ...LAB_PATIENCE,
      name: "host",
      setupFiles,
      include: ["lab/tests/host/*.host.test.ts"],
      // The first test that fails ends a story that builds on it.
      bail: 1,
    },
  },
];

const test: TestUserConfig = {
  // A command that names no project means the unit tests: the others need servers or a lab.
  project: ["unit", "unit-isolated"],
  // A worker that a busy computer ends late is no error.
  teardownTimeout: CONDITION,
  // Vitest leaves a core free; the linter that runs beside it is done before it.
  maxWorkers: availableParallelism(),
  projects,
};

export default defineConfig({ test });
