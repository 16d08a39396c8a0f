/** A site that does nothing but say what it was asked, and answers as it was told. */
import type { Following, Site } from "../site.ts";

/** Answers of a site; what is not given is empty. */
export interface Answers {
  /** Of kubectl, by the first words of its arguments. */
  readonly kubectl?: Readonly<Record<string, string>>;
  /** Lines of commands where visitors are, by the command's first words. */
  readonly visits?: Readonly<Record<string, readonly string[]>>;
  /** Addresses at which visitors reach machines; a machine without one cannot be reached. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** What a machine's script ends with, instead of well; by machine. */
  readonly failures?: Readonly<Record<string, string>>;
}

export interface ScriptedSite extends Site {
  /** Everything it was asked, in order, e.g. `kubectl get pods`, `raspberrypi: nft …`, `end nice`. */
  readonly asked: readonly string[];
}

/** A scripted site. */
export function scriptedSite(answers: Answers = {}): ScriptedSite {
  const asked: string[] = [];
  const answer = <T>(table: Readonly<Record<string, T>> = {}, words: string): T | undefined =>
    Object.entries(table).find(([begin]) => words.startsWith(begin))?.[1];
  const note = (what: string): Promise<void> => {
    asked.push(what);
    return Promise.resolve();
  };
  const following = (lines: readonly string[], name: string): Following => ({
    // What a command has printed stays readable, and it goes on until it is ended.
    lines: (async function* () {
      await Promise.resolve();
      yield* lines;
    })(),
    [Symbol.asyncDispose]: () => note(`end ${name}`),
  });
  return {
    asked,
    name: "scripted",
    urls: ["http://192.0.2.1/", "http://192.0.2.2/"],
    visitor: [],
    addressOf: (machine) => {
      const address = answers.addresses?.[machine];
      return address === undefined
        ? Promise.reject(new Error(`${machine} is not on the visitors' LAN`))
        : Promise.resolve(address);
    },
    visit: (...command) => {
      asked.push(`visit ${command.join(" ")}`);
      return following(answer(answers.visits, command.join(" ")) ?? [], command[0] ?? "");
    },
    kubectl: async (...args) => {
      await note(`kubectl ${args.join(" ")}`);
      return answer(answers.kubectl, args.join(" ")) ?? "";
    },
    watch: (...args) => {
      asked.push(`watch ${args.join(" ")}`);
      return following([], "watch");
    },
    onMachine: async (machine, script) => {
      await note(`${machine}: ${script.trim()}`);
      const failure = answers.failures?.[machine];
      if (failure !== undefined) {
        throw new Error(`${machine}: exit code 1: ${failure}`);
      }
      return "";
    },
    powerOff: (machine) => note(`power off ${machine}`),
    powerOn: (machine) => note(`power on ${machine}`),
    up: (settings) => note(`up ${JSON.stringify(settings)}`),
    parts: () => Promise.resolve({}),
  };
}
