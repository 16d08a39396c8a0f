/** What the engine is started with: the checkout's lab stack file plus what only the lab knows. */
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { PROJECT, RUN } from "../layout.ts";
import { LabError } from "../progress.ts";

/** Folder that the engine works in. */
export const ENGINE = join(RUN, "engine");

/** What a lab made and its stack file cannot know, by section of the settings. */
export type Facts = Readonly<Record<string, unknown>>;

/** What the command line hands to the engine. */
export interface EngineInput {
  /** Folder with `bin/pulumi`. */
  readonly pulumiRoot: string;
  /** Folders that hold `pulumi-resource-<name>`, by provider name. */
  readonly plugins: Readonly<Record<string, string>>;
  /** The kubectl that other commands use. */
  readonly kubectl: string;
  /** Folder of programs that the operator's laptop has beside those of this computer. */
  readonly tools?: string | undefined;
  readonly facts: Facts;
}

const INPUT = join(ENGINE, "input.json");

/** Leaves the input where the engine finds it. */
export async function writeInput(input: EngineInput): Promise<void> {
  await mkdir(ENGINE, { recursive: true });
  await writeFile(INPUT, `${JSON.stringify(input, undefined, 2)}\n`);
}

/** The input that the command line left. */
export function readInput(): EngineInput {
  return JSON.parse(readFileSync(INPUT, "utf8")) as EngineInput;
}

/**
 * Writes the engine's `Pulumi.yaml` and `Pulumi.lab.yaml`. Files, because each setting given through
 * the CLI would cost a process.
 *
 * @throws LabError when the stack has no file
 */
export async function writeWorkspace(input: EngineInput): Promise<void> {
  await mkdir(ENGINE, { recursive: true });
  const providers = Object.entries(input.plugins).map(([name, path]) => ({ name, path }));
  await writeFile(
    join(ENGINE, "Pulumi.yaml"),
    stringify({ name: "fogline", runtime: "nodejs", plugins: { providers } }),
  );
  const stackFile = join(ENGINE, "Pulumi.lab.yaml");
  const kept = existsSync(stackFile) ? (parse(readFileSync(stackFile, "utf8")) as object) : {};
  const config = mergeFacts(readSettings(), input.facts);
  // The file also keeps the salt of the stack's encryption, which must survive.
  await writeFile(stackFile, stringify({ ...kept, config }));
  await chmod(stackFile, 0o600);
}

/**
 * Settings of the stack that the lab runs: the checkout's lab stack, or what the environment names.
 * `STACK` takes another stack's file, as it is but for how things are reached here, which is the lab
 * stack's; `STACK_FILE` takes any file in the lab stack's place.
 *
 * @throws LabError when there is no such file
 */
export function readSettings(
  env: NodeJS.ProcessEnv = process.env,
  checkout = PROJECT,
): Record<string, unknown> {
  const file = (stack: string): string => join(checkout, `Pulumi.${stack}.yaml`);
  const own = env["STACK_FILE"] ?? "";
  const lab = readStackFile(own === "" ? file("lab") : own);
  const stack = env["STACK"] ?? "";
  return stack === "" || stack === "lab"
    ? lab
    : mergeFacts(readStackFile(file(stack)), connections(lab));
}

/** Whether the stack's file has a Netmaker overlay, or its settings ready for one. */
export function usesNetmaker(): boolean {
  const settings = readSettings();
  const overlay = settings["fogline:overlay"];
  return "fogline:netmaker" in settings || (isObject(overlay) && overlay["kind"] === "netmaker");
}

/** Whether a Netmaker server of the stack keeps its records in PostgreSQL. */
export function usesPostgres(): boolean {
  const netmaker = readSettings()["fogline:netmaker"];
  return isObject(netmaker) && netmaker["database"] === "postgres";
}

/** How the lab's machines are reached, where their K3s and images come from, and what it lacks. */
function connections(lab: Readonly<Record<string, unknown>>): Facts {
  const part = (section: string, ...keys: readonly string[]): Record<string, unknown> => {
    const settings = lab[`fogline:${section}`];
    return Object.fromEntries(
      Object.entries(isObject(settings) ? settings : {}).filter(([key]) => keys.includes(key)),
    );
  };
  return {
    cloud: part("cloud", "arch", "sshFrom"),
    edge: lab["fogline:edge"] ?? [],
    k3s: part("k3s", "download", "mirrors"),
    dashboard: part("dashboard", "kind"),
  };
}

/** The `config` of a stack file. */
function readStackFile(path: string): Record<string, unknown> {
  if (!existsSync(path)) {
    throw new LabError(
      "lab",
      "reading the stack's settings",
      `${path} does not exist`,
      "choose STACK from the names of Pulumi.<name>.yaml, or restore the file",
    );
  }
  const file = parse(readFileSync(path, "utf8")) as { config?: Record<string, unknown> } | null;
  return file?.config ?? {};
}

/**
 * Settings with the lab's facts laid over them: objects key by key, lists of plain values whole, other
 * lists element by element, or by name where the facts have names; of a device that the settings leave out, its facts are not needed.
 *
 * @param config values by full key, e.g. `fogline:cloud`
 * @param facts values by section, e.g. `cloud`
 * @throws Error when the facts hold more elements than a list of the settings: they describe
 *   things that the stack file does not have
 */
export function mergeFacts(
  config: Readonly<Record<string, unknown>>,
  facts: Facts,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...config };
  for (const [section, fact] of Object.entries(facts)) {
    const key = `fogline:${section}`;
    merged[key] = lay(merged[key], fact, key);
  }
  return merged;
}

function lay(base: unknown, over: unknown, path: string): unknown {
  if (Array.isArray(over)) {
    if (!over.some(isObject)) {
      return over;
    }
    const list = base === undefined ? [] : (base as unknown[]);
    if (over.length > 0 && over.every(isNamed)) {
      return list.map((each: unknown) =>
        lay(each, over.find(({ name }) => isNamed(each) && each.name === name) ?? {}, path),
      );
    }
    if (!Array.isArray(list) || over.length > list.length) {
      throw new Error(`${path} of Pulumi.lab.yaml must list ${over.length} or more`);
    }
    return list.map((each: unknown, index) =>
      index < over.length ? lay(each, over[index], `${path}[${index}]`) : each,
    );
  }
  if (isObject(over)) {
    const merged: Record<string, unknown> = isObject(base) ? { ...base } : {};
    for (const [key, value] of Object.entries(over)) {
      merged[key] = lay(merged[key], value, `${path}.${key}`);
    }
    return merged;
  }
  return over;
}

function isNamed(value: unknown): value is { readonly name: string } {
  return isObject(value) && typeof value["name"] === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
