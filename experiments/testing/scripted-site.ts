/** A site whose machines answer what a test says, and that notes what it was asked. */
import type { Following, Site } from "../site.ts";

/** What is asked of a machine, and in which order. */
export interface Asked {
  readonly machine: string;
  readonly script: string;
}

export interface ScriptedSite extends Site {
  /** Scripts that machines were given. */
  readonly asked: readonly Asked[];
}

/**
 * @param answer what a machine prints; one that throws fails there
 * @param others what else the site can do; all of it fails where it is not given
 */
export function scriptedSite(
  answer: (machine: string, script: string) => string,
  others: Partial<Site> = {},
): ScriptedSite {
  const asked: Asked[] = [];
  const unforeseen = (what: string) => (): never => {
    throw new Error(`no test foresaw that ${what} is asked of the site`);
  };
  return {
    name: "scripted",
    urls: [],
    visitor: [],
    kubectl: unforeseen("kubectl"),
    watch: unforeseen("watch"),
    powerOff: unforeseen("powerOff"),
    powerOn: unforeseen("powerOn"),
    up: unforeseen("up"),
    parts: unforeseen("parts"),
    ...others,
    asked,
    onMachine: (machine, script) => {
      asked.push({ machine, script });
      return new Promise((resolve) => {
        resolve(answer(machine, script));
      });
    },
  };
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
