/** What is asked of a test run, from its command line. */
import { parseArgs } from "node:util";

export const USAGE = `usage: testing/run.ts [--keep-failed] [--overlay=netmaker | --long] [vitest filter …]
  --keep-failed       leave the machines for inspection when a test on the lab failed; make down
                      removes them
  --overlay=netmaker  of the lab's stories run the main one alone, on an overlay of that kind
  --long              run what takes long instead: make check on a Debian that has only git, make and
                      Node, a restart of the computer under a lab, an outage of Netmaker's server for ten
                      minutes, the main story on an overlay of kind netmaker
  filter              of the tests on the lab run only those in files whose name contains it, on a
                      plain make up; options of Vitest may follow
`;

/** Which steps are run. */
export type Selection =
  | { readonly kind: "all" }
  | { readonly kind: "netmaker" }
  | { readonly kind: "long" }
  /** Filters and options for Vitest, never empty. */
  | { readonly kind: "filtered"; readonly filters: readonly string[] };

export interface Options {
  readonly selection: Selection;
  readonly keepFailed: boolean;
}

/** The command line cannot be read; the message says what is wrong with it. */
export class UsageError extends Error {}

/** @throws UsageError naming the option that is wrong */
export function readOptions(args: readonly string[]): Options {
  // What follows the first filter is for Vitest, options included.
  const first = args.findIndex((arg) => !arg.startsWith("-"));
  const filters = first === -1 ? [] : args.slice(first);
  const {
    "keep-failed": keepFailed,
    overlay,
    long,
  } = readFlags(args.slice(0, args.length - filters.length));
  if (overlay !== undefined && overlay !== "netmaker") {
    throw new UsageError(`--overlay=${overlay}: the other kind is netmaker`);
  }
  const chosen: Selection[] = [
    ...(overlay === undefined ? [] : [{ kind: "netmaker" } as const]),
    ...(long ? [{ kind: "long" } as const] : []),
    ...(filters.length === 0 ? [] : [{ kind: "filtered", filters } as const]),
  ];
  if (chosen.length > 1) {
    throw new UsageError("--overlay, --long and filters exclude each other");
  }
  return { selection: chosen[0] ?? { kind: "all" }, keepFailed };
}

interface Flags {
  readonly "keep-failed": boolean;
  readonly long: boolean;
  readonly overlay?: string;
}

function readFlags(args: readonly string[]): Flags {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        "keep-failed": { type: "boolean", default: false },
        long: { type: "boolean", default: false },
        overlay: { type: "string" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
