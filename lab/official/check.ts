/**
 * Tries the table of behaviours on official parts: `make official-check ARTIFACTS=folder`. The folder
 * holds plugins (`pulumi-resource-command`, `-kubernetes`, `-random`) and Netmaker's server, as
 * programs or as the archives that their makers publish, in any version.
 *
 * Ends with 0 when every behaviour of the parts found holds, 1 when one does not, and 77 when nothing
 * was tried (as in Automake's test protocol). `make` reports either failure as its own status 2 and
 * prints the number.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { TEST } from "../../testing/patience.ts";
import { ensurePackages, readPackages } from "../packages.ts";
import { LabError } from "../progress.ts";
import type { PartName, PluginBehaviour } from "./behaviour.ts";
import { CONTRACT_SEEN, NETMAKER, runContract } from "./netmaker.ts";
import { findPart } from "./parts.ts";
import { startPlugin } from "./plugin.ts";
import { PLUGIN_BEHAVIOURS, type PluginPart } from "./table.ts";

/** Status when no behaviour was tried. */
export const NOT_RUN = 77;

/** What trying a part came to. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

type Print = (line: string) => void;

/** Tries a plugin's behaviours, each on a process of its own. */
export async function tryPlugin(
  executable: string,
  behaviours: readonly PluginBehaviour[],
  print: Print,
): Promise<Outcome> {
  let [passed, failed] = [0, 0];
  for (const behaviour of behaviours) {
    const holds = await tryOne(behaviour, print, async (found) => {
      await using plugin = await startPlugin(executable);
      found(plugin.version || "no version");
      await inTime(behaviour.check(plugin));
    });
    [passed, failed] = holds ? [passed + 1, failed] : [passed, failed + 1];
  }
  return { passed, failed };
}

/**
 * Tries one behaviour, and tells what came of it.
 *
 * @param run tries it, and hands over the part's version once that is known
 */
async function tryOne(
  { title, seen }: Pick<PluginBehaviour, "title" | "seen">,
  print: Print,
  run: (found: (version: string) => void) => Promise<void>,
): Promise<boolean> {
  let version: string | undefined;
  const where = (): string =>
    version === undefined ? `seen in ${seen}` : `seen in ${seen}, this is ${version}`;
  try {
    await run((known) => {
      version = known;
    });
    print(`  ok      ${title} (${where()})`);
    return true;
  } catch (error) {
    print(`  FAILED  ${title} (${where()})`);
    const text = error instanceof Error ? error.message : String(error);
    print(text.replaceAll(/^/gm, "          "));
    return false;
  }
}

/** Runs Netmaker's contract suite and the other behaviours on servers of this program, with Debian's broker. */
async function tryNetmaker(program: string, work: string, print: Print): Promise<Outcome> {
  await ensurePackages(
    readPackages().filter(({ name }) => name === "mosquitto"),
    print,
  );
  const report = join(work, "netmaker.json");
  const options = ["--reporter=json", `--outputFile.json=${report}`];
  const { version } = await runContract(program, options);
  const { numPassedTests, numFailedTests, success, testResults } = JSON.parse(
    await readFile(report, "utf8"),
  ) as Report;
  print(`  contract suite (seen in ${CONTRACT_SEEN}, this is ${version})`);
  for (const { message, assertionResults } of testResults) {
    if (message !== "") {
      print(message.replaceAll(/^/gm, "          "));
    }
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === "failed") {
        print(`  FAILED  ${fullName}`);
        print((failureMessages[0] ?? "").replaceAll(/^/gm, "          "));
      }
    }
  }
  // A file that broke before its first case counts as a failure.
  let [passed, failed] = [numPassedTests, Math.max(numFailedTests, success ? 0 : 1)];
  for (const behaviour of NETMAKER) {
    const holds = await tryOne(behaviour, print, async (found) => {
      found(version);
      await inTime(behaviour.check(program));
    });
    [passed, failed] = holds ? [passed + 1, failed] : [passed, failed + 1];
  }
  return { passed, failed };
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Tries every part that a folder holds; returns the exit status. */
export async function checkOfficial(folder: string | undefined, print: Print): Promise<number> {
  if (folder === undefined || folder === "") {
    print("not run: ARTIFACTS names no folder with official parts");
    return NOT_RUN;
  }
  const work = await mkdtemp(join(tmpdir(), "fogline-official-"));
  try {
    const outcomes: Outcome[] = [];
    const names: PartName[] = [...(Object.keys(PLUGIN_BEHAVIOURS) as PluginPart[]), "netmaker"];
    for (const name of names) {
      const found = await findPart(name, folder, work);
      const behaviours = name === "netmaker" ? undefined : PLUGIN_BEHAVIOURS[name];
      if (found.path === undefined) {
        print(`not run: ${found.reason}`);
      } else {
        print(`${name}: ${found.file}, SHA-256 of the program ${found.sha256}`);
        const outcome = await (behaviours === undefined
          ? tryNetmaker(found.path, work, print).catch(failed(print))
          : tryPlugin(found.path, behaviours, print));
        print(`${name}: ${outcome.passed} passed, ${outcome.failed} failed`);
        outcomes.push(outcome);
      }
    }
    return outcomes.length === 0 ? NOT_RUN : outcomes.some(({ failed }) => failed > 0) ? 1 : 0;
  } finally {
    await rm(work, { recursive: true });
  }
}

/** A part that cannot be tried at all, e.g. as it does not start, has failed. */
function failed(print: Print): (error: unknown) => Outcome {
  return (error) => {
    // What is missing on this computer is no fault of the part.
    if (error instanceof LabError) {
      throw error;
    }
    print(`  FAILED  ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1 };
  };
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no end in ${TEST / 1000} s`));
    }, TEST);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

if (process.argv[1] === import.meta.filename) {
  const print: Print = (line) => {
    process.stdout.write(`${line}\n`);
  };
  try {
    process.exitCode = await checkOfficial(process.env["ARTIFACTS"], print);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
