import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

/** Tests that change what a whole process shares, such as Pulumi's runtime. */
const isolated = [
  ...["testing/*.test.ts", "components/remote/script.test.ts"],
  ...["lab/images/store.test.ts", "lab/images/sources.test.ts"],
];

const common = {
  restoreMocks: true,
  // A busy computer makes no test red: these only end what hangs.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 20_000 } },
};

export default defineConfig({
  test: {
    // Vitest leaves a core free; the linter that runs beside it is done before it.
    maxWorkers: availableParallelism(),
    // Files that share a thread load the SDKs once, which is most of their time.
    poolOptions: { threads: { isolate: false } },
    projects: [
      {
        test: {
          ...common,
          name: "shared",
          include: ["**/*.test.ts"],
          exclude: [
            "node_modules/**",
            ...["**/*.lab.test.ts", "**/*.slow.test.ts", "**/*.contract.test.ts"],
            ...isolated,
          ],
          pool: "threads",
        },
      },
      { test: { ...common, name: "isolated", include: isolated, pool: "forks" } },
    ],
  },
});
