/**
 * `make test`: runs the steps of testing/harness/plan.ts and prints which tests failed and why, a table
 * of the steps, and as its last line `N passed, N failed`. Logs and reports are in `.fogline/tests`, with
 * all of it in `result.json`. Exit code 1 when a test failed or none ran, 2 when the options are wrong.
 *
 * Usage: node --import tsx testing/run.ts [--keep-failed] [--overlay=netmaker | --long] [vitest filter …]
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join, relative } from "node:path";

import { execa } from "execa";
import { parseDocument } from "yaml";

import { raiseInotifyLimit, restoreInotifyLimit } from "../lab/inotify.ts";
import { PROJECT, RUN } from "../lab/layout.ts";
import { beginComputer, checkoutOf, commandOn, endComputer } from "./harness/computer.ts";
import { FOLDER } from "./harness/folder.ts";
import { LabParts } from "./harness/lab-parts.ts";
import { readOptions, USAGE, UsageError, type Options } from "./harness/options.ts";
import { planOf, SECOND } from "./harness/plan.ts";
import { machine, resultFile, versions } from "./harness/result.ts";
import { runPlan, type Computers } from "./harness/run-plan.ts";
import { exitCodeOf, summary, totals } from "./harness/summary.ts";

/** The lab's stack file, with an overlay of kind netmaker. */
function writeNetmakerStack(): string {
  const document = parseDocument(readFileSync(join(PROJECT, "Pulumi.lab.yaml"), "utf8"));
  document.setIn(["config", "fogline:overlay", "kind"], "netmaker");
  const path = join(FOLDER, "netmaker.yaml");
  writeFileSync(path, document.toString());
  return path;
}

/** Removes what an earlier run left: a report that a step does not write is none of this run's. */
function clearFolder(): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(FOLDER).filter((each) => /\.(json|log|txt)$/.test(each))) {
    rmSync(join(FOLDER, name));
  }
}

/** Where a run is does not decide what it tests: official parts come by ARTIFACTS, or where this is set empty. */
const PARTS_FROM_REGISTRIES = { FOGLINE_OFFLINE: "1" };

/** What steps run with: options of the run are none of the commands that it calls. */
function environment(): NodeJS.ProcessEnv {
  const own = ["MAKEFLAGS", "MFLAGS", "ARGS"];
  const given = Object.entries(process.env).filter(([name]) => !own.includes(name));
  return { ...PARTS_FROM_REGISTRIES, ...Object.fromEntries(given) };
}

const computers: Computers = { begin: beginComputer, commandOn, end: endComputer };

/** The limit of before the run, which both labs find high enough. */
const LIMIT_BEFORE = join(FOLDER, "inotify-instances");

/** What goes on after Ctrl-C: steps fail meanwhile, and nobody waits for what they come to. */
let ending: Promise<never> | undefined;

/** Ctrl-C ends the steps, which are in the terminal's process group; a second computer is not. */
function endOnSignal(signal: NodeJS.Signals): void {
  process.once(signal, () => {
    ending ??= endComputer(SECOND).then(() => {
      restoreInotifyLimit(undefined, LIMIT_BEFORE);
      process.exit(128 + constants.signals[signal]);
    });
  });
}

/** How the lab that was left standing is looked at, and ended. */
function wayTo(computer: string | undefined): string {
  if (computer === undefined) {
    return "look with make status and make logs, end with make down";
  }
  const way = (action: string): string =>
    `node --import tsx testing/harness/computer.ts ${action} ${computer}`;
  return `look with ${way("run")} make status, end with ${way("end")}`;
}

async function run({ selection, keepFailed }: Options): Promise<number> {
  clearFolder();
  endOnSignal("SIGINT");
  endOnSignal("SIGTERM");
  const print = (text: string): void => void process.stdout.write(text);
  const startedAt = new Date();
  const parts = new LabParts([RUN, join(checkoutOf(SECOND), "lab")]);
  const folder = relative(PROJECT, FOLDER);
  const plan = planOf(selection, { folder, netmakerStack: writeNetmakerStack() });
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    raiseInotifyLimit(undefined, LIMIT_BEFORE);
  }
  const { steps, keptLabs } = await runPlan(plan, {
    ...{ project: PROJECT, folder, env: environment(), isRoot },
    ...{ keepFailed, print, computers },
    afterFailure: async ({ name }, { computer }) => {
      const path = `${folder}/${name}.post-mortem.log`;
      const ask = ["node", "--import", "tsx", "testing/harness/post-mortem.ts", path];
      const [program = "", ...args] = computer === undefined ? ask : commandOn(computer, ask);
      const { failed, all } = await execa(program, args, {
        cwd: PROJECT,
        all: true,
        reject: false,
      });
      print(failed ? `${all}\n` : `how the lab stood after that: ${path}\n`);
    },
  });
  await ending;
  // A lab that was left standing needs it; the next run sets the limit of before again.
  if (keptLabs.length === 0) {
    restoreInotifyLimit(undefined, LIMIT_BEFORE);
  }
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const result = resultFile(steps, {
    ...{ startedAt: startedAt.toISOString(), seconds, options: process.argv.slice(2) },
    ...{ versions: await versions(), machine: machine(), parts: parts.stop() },
  });
  writeFileSync(join(FOLDER, "result.json"), `${JSON.stringify(result, undefined, 2)}\n`);
  for (const { computer } of keptLabs) {
    print(`a test failed: the machines stay; ${wayTo(computer)}\n`);
  }
  print(summary(steps, seconds));
  return exitCodeOf(totals(steps));
}

try {
  process.exitCode = await run(readOptions(process.argv.slice(2)));
} catch (error) {
  await ending;
  if (!(error instanceof UsageError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
