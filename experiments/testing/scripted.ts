/** A site that only writes down what is done to it, and answers as a test says. */
import type { Site } from "../site.ts";

/** What a test answers: a text, an error, or nothing where it does not care. */
export type Answer = (did: string) => string | Error | undefined;

export interface ScriptedSite {
  readonly site: Site;
  /**
   * What was done, in its order: `kubectl …`, `<machine>: <the script's variables>`, `off <machine>`,
   * `on <machine>`, `up <settings as JSON>`.
   */
  readonly did: readonly string[];
}

/** Lines of `render` that set variables, as one: what a script is asked to do. */
function asked(script: string): string {
  const values = script.split("\n").filter((line) => /^[A-Z][A-Z0-9_]*=/.test(line));
  return values.length === 0 ? script : values.join(" ");
}

export function scriptedSite(answer: Answer = () => undefined): ScriptedSite {
  const did: string[] = [];
  const take = (what: string): Promise<string> => {
    did.push(what);
    const said = answer(what);
    return said instanceof Error ? Promise.reject(said) : Promise.resolve(said ?? "");
  };
  const site: Site = {
    name: "scripted",
    urls: ["http://192.0.2.1/"],
    visitor: [],
    kubectl: (...args) => take(["kubectl", ...args].join(" ")),
    watch: () => {
      throw new Error("nothing is watched here");
    },
    onMachine: (machine, script) => take(`${machine}: ${asked(script)}`),
    powerOff: async (machine) => {
      await take(`off ${machine}`);
    },
    powerOn: async (machine) => {
      await take(`on ${machine}`);
    },
    up: async (settings) => {
      await take(`up ${JSON.stringify(settings)}`);
    },
    parts: () => Promise.resolve({ toolchain: [], images: [] }),
  };
  return { site, did };
}
