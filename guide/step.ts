/** Steps of the guide as data, and how they are gone through. */
import type { Ask } from "./ask.ts";
import type { Run } from "./command.ts";
import { CommandError, GuideError } from "./error.ts";
import { readEnvironment, type StackFiles } from "./files.ts";
import type { StackFile } from "./stack-file.ts";

/** What steps work on. */
export interface Site {
  /** Folder of the checkout. */
  readonly checkout: string;
  readonly file: StackFile;
  readonly files: StackFiles;
  readonly run: Run;
  readonly ask: Ask;
  /** Shows a line to the person. */
  readonly say: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  /** How often to look whether Azure has done what it does by itself, and how long to wait between, milliseconds. */
  readonly patience: { readonly looks: number; readonly interval: number };
}

/** One step. It can be gone through again: what is done is seen, and left alone. */
export interface Step {
  readonly name: string;
  /** What it is about, as a heading. */
  readonly title: string;
  /**
   * Looks at what is there, and changes nothing.
   *
   * @returns what is there, as the line to print; undefined when something is to be done
   * @throws GuideError for what only the person can put right
   */
  readonly check: (site: Site) => Promise<string | undefined>;
  /**
   * Does what is missing, after asking.
   *
   * @returns what it did, as the line to print
   */
  readonly action: (site: Site) => Promise<string>;
}

/** For steps that only look: what they find wrong is put right by the person. */
export function nothingToDo(): Promise<string> {
  return Promise.reject(new Error("this step has no action"));
}

/** Variables that `pulumi` runs with for the stack: the person's own, and what the guide keeps. */
export function pulumiEnvironment({ files }: Site): Record<string, string> {
  return { PULUMI_SKIP_UPDATE_CHECK: "true", ...readEnvironment(files.environment) };
}

/**
 * Goes through steps, each after the one before.
 *
 * @returns whether all are done; otherwise the person was told why not
 */
export async function goThrough(steps: readonly Step[], site: Site): Promise<boolean> {
  for (const [n, step] of steps.entries()) {
    site.say(`\n[${n + 1}/${steps.length}] ${step.title}`);
    try {
      const done = await step.check(site);
      site.say(indented(done === undefined ? await step.action(site) : done, "✔ "));
    } catch (error) {
      const known = error instanceof CommandError ? unforeseen(error) : error;
      if (!(known instanceof GuideError)) {
        throw known;
      }
      site.say(indented(known.message, "✘ "));
      site.say(
        `\nStopped at step ${n + 1}, ${step.name}; the steps before it are done. Run the same command ` +
          "again: it goes on there. Nothing is billed.",
      );
      return false;
    }
  }
  return true;
}

/** A command whose failure its step has no advice for. */
function unforeseen({ command, lines, isMissing }: CommandError): GuideError {
  return new GuideError(
    isMissing ? `${command.split(" ")[0] ?? ""} is not there` : "a command failed",
    {
      command,
      lines,
      fixes: ["put right what it says, and run the guide again"],
    },
  );
}

function indented(text: string, mark: string): string {
  return text
    .split("\n")
    .map((line, n) => `${n === 0 ? `  ${mark}` : "    "}${line}`)
    .join("\n");
}
