/** The steps of a test run. Each is run in the checkout's top folder. */
import { availableParallelism } from "node:os";

import type { Selection } from "./options.ts";
import type { Lab, Lane, Plan, Stage, Step } from "./step.ts";

/** The lab stack as it is, with either overlay, and the worked stack that a test runs on the lab. */
const LAB: Lab = { stack: "lab", overlay: "wireguard" };
const LAB_OVER_NETMAKER: Lab = { stack: "lab", overlay: "netmaker" };
const DEV: Lab = { stack: "dev", overlay: "wireguard" };

const MAKE = ["make", "--no-print-directory"];
const TSX = ["node", "--import", "tsx"];
/** What `npx vitest run` starts, without npm. */
const VITEST = ["node", "node_modules/vitest/vitest.mjs", "run"];
/** The lab's tests are where the laptop's user is: in its network namespace. */
const ON_LAPTOP = ["nsenter", "--net=/run/netns/fogline-laptop"];

/** The lab waits for answers in time; what runs beside it takes what it leaves of the processor. */
const BESIDE_THE_LAB = 4;
/** Name of the computer that the second lab stands on. */
export const SECOND = "second";
/**
 * Tests on a standing lab that the first lab has time for, when its own stories are told; all others
 * run on the second.
 */
const AFTER_STORIES = ["again", "dashboard", "exposure", "ingress"];
/**
 * The slow tests without a lab. A file of them waits for servers and engines nearly half of its time: one more than
 * there are cores leaves none idle (seen on two: 54 % of the processor in a whole run with two).
 */
const SLOW = ["--project=slow", `--maxWorkers=${availableParallelism() + 1}`];
/** Seconds of the outage that the long run tries. */
const LONG_OUTAGE = "600";

/** Where a run keeps its files, as far as steps name them. */
export interface Files {
  /** Of logs and reports. */
  readonly folder: string;
  /** The lab's stack file with an overlay of kind netmaker. */
  readonly netmakerStack: string;
}

/** The plan of a selection. */
export function planOf(selection: Selection, files: Files): Plan {
  const { folder } = files;
  switch (selection.kind) {
    case "all":
      return [
        [{ steps: [check] }],
        [{ steps: [begin, tools] }],
        [
          {
            steps: [
              ...overNetmaker(
                [
                  ...beginning(folder, LAB_OVER_NETMAKER),
                  // It ends with the move to plain WireGuard, which the rest is tried on.
                  host(folder, "netmaker", "netmaker", LAB_OVER_NETMAKER),
                ],
                files,
              ),
              inside(folder, "lab", LAB, AFTER_STORIES),
              host(folder, "add-an-app", "add-an-app", LAB),
              host(folder, "destroyed", "destroyed", LAB),
            ],
          },
          { computer: SECOND, steps: onSecondComputer(folder) },
          { niceness: BESIDE_THE_LAB, steps: [vitest(folder, "slow", SLOW, "root")] },
          { niceness: BESIDE_THE_LAB, steps: besideTheLab(folder) },
        ],
        end,
      ];
    case "netmaker":
      return [
        [{ steps: [check] }],
        [{ steps: [begin] }],
        [{ steps: overNetmaker(story(folder, LAB_OVER_NETMAKER), files) }],
        end,
      ];
    case "long":
      return [[{ steps: [fresh] }], [{ steps: [begin] }], [longLane(files)], end];
    case "filtered":
      return [
        [{ steps: [check] }],
        [{ steps: [up, inside(folder, "lab", LAB, selection.filters)] }],
        [{ steps: [down] }],
      ];
  }
}

const check: Step = {
  name: "check",
  command: [...MAKE, "check"],
  needs: "nothing",
  counted: { by: "report" },
  ends: "run",
};

/** No lab stands, and what is there without one is written down. */
const begin: Step = {
  name: "begin",
  command: [...TSX, "testing/harness/traces.ts", "before", "begin"],
  needs: "root",
  counted: { by: "failure" },
  ends: "run",
};

/** Builds what several lanes use: two processes that build one part disturb each other. */
const tools: Step = {
  name: "tools",
  command: [...TSX, "testing/harness/tools.ts"],
  needs: "root",
  counted: { by: "failure" },
  ends: "run",
};

/** The lab is down and left nothing behind; after everything else, whose processes would be found. */
const end: Stage = [
  {
    steps: [
      {
        name: "down",
        command: [...TSX, "testing/harness/traces.ts", "after", "begin"],
        needs: "root",
        counted: { by: "status", test: "make down leaves nothing behind" },
      },
    ],
  },
];

const up: Step = {
  name: "up",
  command: [...MAKE, "up"],
  needs: "lab",
  counted: { by: "failure" },
  ends: "lane",
};

const down: Step = {
  name: "down",
  command: [...MAKE, "down"],
  needs: "root",
  counted: { by: "failure" },
};

const fresh: Step = {
  name: "fresh",
  command: [...TSX, "testing/fresh.ts"],
  needs: "root",
  counted: { by: "status", test: "make check passes on a Debian of git, make and Node" },
};

/** The lab's way up with all that can go wrong, and all that is tried on it. */
function story(folder: string, lab: Lab): Step[] {
  return [...beginning(folder, lab), inside(folder, "lab", lab)];
}

/** The lab's way up with all that can go wrong, to where it is in use. */
function beginning(folder: string, lab: Lab): Step[] {
  return [
    host(folder, "interrupted", "interrupted", lab),
    // Where the story broke off, the rest is tried on what `up` makes of it.
    { ...up, onlyAfterFailure: true },
    host(folder, "browser", "browser", lab),
  ];
}

/** A lab that comes up at once, without the internet, and what goes wrong on it. */
function onSecondComputer(folder: string): Step[] {
  const excluded = AFTER_STORIES.map((name) => `--exclude=lab/tests/${name}.lab.test.ts`);
  return [
    { ...begin, name: "second-begin", command: traces("before"), ends: "lane" },
    { ...up, name: "second-up" },
    inside(folder, "second-lab", LAB, excluded),
    {
      name: "second-down",
      command: traces("after"),
      needs: "root",
      counted: { by: "status", test: "make down leaves nothing behind on the second computer" },
    },
  ];
}

function traces(when: "before" | "after"): string[] {
  return [...TSX, "testing/harness/traces.ts", when, "second-begin"];
}

/** What needs neither a lab nor most of a processor: tests that wait for a server, programs that are checked. */
function besideTheLab(folder: string): Step[] {
  return [
    {
      name: "workflows",
      command: [...MAKE, "workflows"],
      needs: "nothing",
      counted: { by: "status", test: "workflows keep the rules of actionlint and shellcheck" },
    },
    {
      name: "contract",
      command: [...TSX, "testing/harness/contract.ts", ...reporters(folder, "contract")],
      needs: "nothing",
      counted: { by: "report" },
    },
    {
      name: "go",
      command: [...MAKE, "go-tests"],
      needs: "nothing",
      counted: { by: "status", test: "vet and tests of the Go modules" },
    },
  ];
}

/** What the guide asks of Azure, with the official CLI, which is fetched once. */
function officialAz(folder: string): Step[] {
  return [
    {
      name: "azure-cli",
      command: [...TSX, "guide/testing/azure-cli.ts"],
      needs: "nothing",
      counted: { by: "failure" },
    },
    vitest(folder, "azure", ["--project=slow", "guide/az.slow.test.ts"], "nothing"),
  ];
}

function longLane(files: Files): Lane {
  const { folder } = files;
  const outage = host(folder, "outage", "netmaker-postgres", LAB_OVER_NETMAKER);
  return {
    steps: [
      ...officialAz(folder),
      // The short run has this story over Netmaker, where more can go wrong on the way.
      ...beginning(folder, LAB),
      host(folder, "restart", "restart", LAB),
      host(folder, "upgrade", "upgrade", LAB),
      // Four times `up` and two images; the slow tests build, send and pull such images without a lab.
      host(folder, "built-images", "built-images", LAB),
      // The same program with other settings, which plans of that stack try without a lab.
      host(folder, "stack", "stack", DEV),
      // PostgreSQL, the move back to Netmaker and its web application: as scripts, the slow tests have them.
      { ...outage, env: { NETMAKER_OUTAGE: LONG_OUTAGE } },
      ...overNetmaker(
        [{ ...up, name: "up-over-netmaker" }, inside(folder, "lab", LAB_OVER_NETMAKER)],
        files,
      ),
    ],
  };
}

function overNetmaker(steps: readonly Step[], { netmakerStack }: Files): Step[] {
  return steps.map((step) => ({ ...step, env: { ...step.env, STACK_FILE: netmakerStack } }));
}

/** A story of lab/tests/host: commands of the lab, run on this computer. */
function host(folder: string, name: string, file: string, lab: Lab): Step {
  const path = `lab/tests/host/${file}.host.test.ts`;
  return { ...vitest(folder, name, ["--project=host", path], "lab"), lab };
}

/** The tests on a lab that stands. */
function inside(folder: string, name: string, lab: Lab, args: readonly string[] = []): Step {
  const step = vitest(folder, name, ["--project=lab", ...args], "lab");
  return { ...step, command: [...ON_LAPTOP, ...step.command], lab };
}

function vitest(folder: string, name: string, args: readonly string[], needs: Step["needs"]): Step {
  return {
    name,
    command: [...VITEST, ...args, ...reporters(folder, name)],
    needs,
    counted: { by: "report" },
  };
}

function reporters(folder: string, name: string): string[] {
  const report = `--outputFile.json=${folder}/${name}.json`;
  // Vitest colours what it writes to a log, too.
  return ["--no-color", "--reporter=default", "--reporter=json", report];
}
