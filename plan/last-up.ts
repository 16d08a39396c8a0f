/**
 * What the last `up` left in a stack's state, where that lies in a folder of this computer. No network, no CLI and
 * no key: what is encrypted there stays so.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { z } from "zod";

/** Name of the project, below which its stacks lie. */
const PROJECT = "fogline";
const BACKEND = "PULUMI_BACKEND_URL";
const STACK_TYPE = "pulumi:pulumi:Stack";

const resource = z.object({
  urn: z.string(),
  type: z.string(),
  outputs: z.record(z.string(), z.unknown()).default({}),
});
const state = z.object({
  checkpoint: z.object({
    latest: z.object({ resources: z.array(resource).nullish() }).nullish(),
  }),
});

/** One resource as the state has it. */
export type Remembered = Readonly<z.output<typeof resource>>;

/** The state of a stack, as far as it was read. */
export type LastUp =
  | {
      readonly kind: "read";
      readonly resources: readonly Remembered[];
      /** The stack's outputs by name; secret ones encrypted. */
      readonly outputs: Readonly<Record<string, unknown>>;
    }
  /** Completes the sentence "Not known: …". */
  | { readonly kind: "unread"; readonly why: string };

/** Reads a stack's state, as the environment says where it is. */
export function lastUp(stack: string, env: NodeJS.ProcessEnv): LastUp {
  const folder = folderOf(env[BACKEND] ?? "");
  if (folder === undefined) {
    return unread(
      `a plan looks for the state in a folder of this computer alone, \`${BACKEND}=file://…\``,
    );
  }
  const base = join(folder, ".pulumi", "stacks");
  const files = [join(base, PROJECT, `${stack}.json`), join(base, `${stack}.json`)];
  try {
    const text = files.map(textOf).find((each) => each !== undefined);
    if (text === undefined) {
      return unread(`before the first \`up\` there is no state of ${stack} in ${folder}`);
    }
    const { checkpoint } = state.parse(JSON.parse(text));
    const resources = checkpoint.latest?.resources ?? [];
    return resources.length === 0
      ? unread(`before the first \`up\` nothing is in the state of ${stack}`)
      : { kind: "read", resources, outputs: outputsOf(resources) };
  } catch (error) {
    // A plan goes on without it; what is wrong with the state, Pulumi itself says.
    const [why = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return unread(`the state of ${stack} in ${folder} cannot be read: ${why}`);
  }
}

function unread(why: string): LastUp {
  return { kind: "unread", why };
}

/** The folder of a backend of files; undefined for any other, and for none. */
function folderOf(backend: string): string | undefined {
  const path = /^file:\/\/([^?]+)/.exec(backend)?.[1];
  return path?.replace(/^~(?=\/|$)/, homedir());
}

function textOf(file: string): string | undefined {
  return read(file)?.toString("utf8") ?? unpacked(read(`${file}.gz`));
}

function unpacked(data: Buffer | undefined): string | undefined {
  return data === undefined ? undefined : gunzipSync(data).toString("utf8");
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

function outputsOf(resources: readonly Remembered[]): Readonly<Record<string, unknown>> {
  return resources.find(({ type }) => type === STACK_TYPE)?.outputs ?? {};
}
