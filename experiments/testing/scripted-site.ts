/** A site that only writes down what is done to it, and answers as a test says. */
import type { Following, ScriptOptions, Site } from "../site.ts";

/** What is asked of a machine. */
export interface Asked {
  readonly machine: string;
  readonly script: string;
  /** What was known of the script, where anything was. */
  readonly options?: ScriptOptions | undefined;
}

/**
 * What a test answers: a text, an error, or nothing where it does not care; one that throws fails there.
 *
 * @param did as in {@link ScriptedSite.did}
 * @param asked where a machine is asked: which one, and its whole script
 */
export type Answer = (did: string, asked?: Asked) => string | Error | undefined;

export interface ScriptedSite extends Site {
  /**
   * What was done, in its order: `kubectl …`, `<machine>: <the script's variables, or all of it>`, `off <machine>`,
   * `on <machine>`, `up <settings as JSON>`, `address of <machine>`, `visit <command>`, `end <its first word>`.
   */
  readonly did: readonly string[];
  /** Scripts that machines were given, in their order. */
  readonly asked: readonly Asked[];
}

/** @param others what the site does otherwise, without writing it down */
export function scriptedSite(
  answer: Answer = () => undefined,
  others: Partial<Site> = {},
): ScriptedSite {
  const did: string[] = [];
  const asked: Asked[] = [];
  const take = async (what: string, of?: Asked): Promise<string> => {
    did.push(what);
    await Promise.resolve();
    const said = answer(what, of);
    if (said instanceof Error) {
      throw said;
    }
    return said ?? "";
  };
  return {
    did,
    asked,
    name: "scripted",
    urls: ["http://192.0.2.1/"],
    visitor: [],
    addressOf: (machine) => take(`address of ${machine}`),
    visit: (...command) => {
      const said = take(["visit", ...command].join(" "));
      return {
        lines: linesOf(said),
        [Symbol.asyncDispose]: async () => {
          await take(`end ${command[0] ?? ""}`);
        },
      };
    },
    kubectl: (...args) => take(["kubectl", ...args].join(" ")),
    watch: () => {
      throw new Error("nothing is watched here");
    },
    onMachine: (machine, script, options) => {
      asked.push({ machine, script, options });
      return take(`${machine}: ${purpose(script)}`, { machine, script });
    },
    powerOff: async (machine) => {
      await take(`off ${machine}`);
    },
    powerOn: async (machine) => {
      await take(`on ${machine}`);
    },
    drain: async (machine) => {
      await take(`drain ${machine}`);
    },
    undrain: async (machine) => {
      await take(`undrain ${machine}`);
    },
    up: async (settings) => {
      await take(`up ${JSON.stringify(settings)}`);
    },
    parts: () => Promise.resolve({ toolchain: [], images: [] }),
    ...others,
  };
}

/** Lines of a command that has ended. */
async function* linesOf(text: Promise<string>): AsyncGenerator<string> {
  yield* (await text).split("\n");
}

/** Answers of machines; whatever else is done fails the test. */
export function machinesOnly(answer: (machine: string, script: string) => string): Answer {
  return (did, asked) =>
    asked === undefined
      ? new Error(`no test foresaw that the site does this: ${did}`)
      : answer(asked.machine, asked.script);
}

/** Lines of a script that set variables, as one: what it is asked to do. */
function purpose(script: string): string {
  const values = script.split("\n").filter((line) => /^[A-Z][A-Z0-9_]*=/.test(line));
  return values.length === 0 ? script : values.join(" ");
}

/** Lines of a watch that goes on, without more to say, until it is disposed of. */
export function following(...lines: readonly string[]): Following {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* all(): AsyncGenerator<string> {
    yield* lines;
    await ended;
  }
  return {
    lines: all(),
    [Symbol.asyncDispose]: () => {
      end();
      return Promise.resolve();
    },
  };
}
