/** Files that the guide writes on the operator's computer. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Folder of what the guide keeps for stacks; the Makefile reads environments there. */
const FOLDER = join(".config", "fogline");

/** Files of one stack, outside of the checkout. */
export interface StackFiles {
  /** The passphrase that encrypts the stack's secrets, mode 0600. */
  readonly passphrase: string;
  /** Variables that `pulumi` and scripts need for the stack, for a shell to read. */
  readonly environment: string;
}

export function stackFiles(stack: string, home = homedir()): StackFiles {
  const at = (kind: string): string => join(home, FOLDER, `${stack}.${kind}`);
  return { passphrase: at("passphrase"), environment: at("env") };
}

/**
 * Writes a file aside and renames it: whoever reads it meanwhile, or after a kill half-way, finds the
 * old one or the new one.
 *
 * @param mode access rights; default for others to read
 */
export function writeWhole(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { mode });
    // The mask of this process leaves rights out.
    chmodSync(draft, mode);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** A file's text; undefined where there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

const LINE = /^export (\w+)='(.*)'$/gm;

/** Variables of an environment file. */
export function readEnvironment(path: string): Readonly<Record<string, string>> {
  const text = readIfThere(path) ?? "";
  return Object.fromEntries(
    [...text.matchAll(LINE)].map(([, name = "", value = ""]) => [
      name,
      value.replaceAll(String.raw`'\''`, "'"),
    ]),
  );
}

/** Adds variables to an environment file, which a shell reads with `.`. */
export function keepEnvironment(
  path: string,
  stack: string,
  variables: Readonly<Record<string, string>>,
): void {
  const all = { ...readEnvironment(path), ...variables };
  const lines = Object.entries(all).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`,
  );
  const head = `# Written by \`make azure STACK=${stack}\`. Read it into a shell: . ${path}`;
  writeWhole(path, `${[head, ...lines].join("\n")}\n`, 0o600);
}
