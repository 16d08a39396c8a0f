/** What the engine is started with: the checkout's lab stack file plus what only the lab knows. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import type { Apps } from "../../apps/app.ts";
import { replaceFile } from "../files.ts";
import { PROJECT, RUN } from "../layout.ts";
import { LabError } from "../progress.ts";

/** Name of the lab's stack. */
export const STACK = "lab";

/** Folder that the engine works in. */
export const ENGINE = join(RUN, "engine");

/** What a lab made and its stack file cannot know, by section of the settings. */
export type Facts = Readonly<Record<string, unknown>>;

/** What the engine's workspace is written from. */
export interface Workspace {
  /** Folders that hold `pulumi-resource-<name>`, by provider name. */
  readonly plugins: Readonly<Record<string, string>>;
  /** Settings of the stack that the lab runs, by full key. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly facts: Facts;
}

/**
 * Writes the engine's `Pulumi.yaml` and `Pulumi.lab.yaml`, while no engine runs. Files, because each
 * setting given through the CLI would cost a process.
 */
export function writeWorkspace({ plugins, settings, facts }: Workspace): void {
  const providers = Object.entries(plugins).map(([name, path]) => ({ name, path }));
  replaceFile(
    join(ENGINE, "Pulumi.yaml"),
    stringify({ name: "fogline", runtime: "nodejs", plugins: { providers } }),
  );
  const stackFile = join(ENGINE, "Pulumi.lab.yaml");
  const kept = existsSync(stackFile) ? (parse(readFileSync(stackFile, "utf8")) as object) : {};
  const config = mergeFacts(settings, facts);
  // The file also keeps the salt of the stack's encryption, which must survive.
  replaceFile(stackFile, stringify({ ...kept, config }), 0o600);
}

/**
 * Settings of the stack that the lab runs: the checkout's lab stack, or what the environment names.
 * `STACK` takes another stack's file, as it is but for how machines are reached and where images come from,
 * which is the lab stack's, so that its logins to registries are left out; `STACK_FILE` takes any file in the
 * lab stack's place.
 *
 * @param apps whose settings depend on where the stack runs, too
 * @throws LabError when there is no such file
 */
export function readSettings(
  apps: Apps,
  env: NodeJS.ProcessEnv = process.env,
  checkout = PROJECT,
): Record<string, unknown> {
  const file = (stack: string): string => join(checkout, `Pulumi.${stack}.yaml`);
  const own = env["STACK_FILE"] ?? "";
  const lab = readStackFile(own === "" ? file("lab") : own);
  const stack = env["STACK"] ?? "";
  return stack === "" || stack === "lab"
    ? lab
    : appsHere(mergeFacts(withoutLogins(readStackFile(file(stack))), connections(lab)), lab, apps);
}

/** Whether the stack's file has a Netmaker overlay, or its settings ready for one. */
export function usesNetmaker(): boolean {
  const settings = readSettings({});
  const overlay = settings["fogline:overlay"];
  return "fogline:netmaker" in settings || (isObject(overlay) && overlay["kind"] === "netmaker");
}

/** Whether a Netmaker server of the stack keeps its records in PostgreSQL. */
export function usesPostgres(): boolean {
  const netmaker = readSettings({})["fogline:netmaker"];
  return isObject(netmaker) && netmaker["database"] === "postgres";
}

/** Without logins to registries: images are the lab's, and only their owner can decrypt the passwords. */
function withoutLogins(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = entriesOf(settings["fogline:k3s"]).filter(([key]) => key !== "registries");
  return { ...settings, ...(own.length > 0 && { "fogline:k3s": Object.fromEntries(own) }) };
}

/** How the lab's machines are reached, and where their K3s comes from. */
function connections(lab: Readonly<Record<string, unknown>>): Facts {
  const part = (section: string, ...keys: readonly string[]): Record<string, unknown> => {
    return Object.fromEntries(
      entriesOf(lab[`fogline:${section}`]).filter(([key]) => keys.includes(key)),
    );
  };
  return {
    cloud: part("cloud", "arch", "sshFrom"),
    edge: lab["fogline:edge"] ?? [],
    k3s: part("k3s", "download", "mirrors"),
  };
}

/**
 * Another stack's settings with the lab's in the place of those that name images or follow from the place.
 * What the lab stack does not say, it fills in: an image that the other stack would build is the lab's own.
 */
function appsHere(
  settings: Readonly<Record<string, unknown>>,
  lab: Readonly<Record<string, unknown>>,
  apps: Apps,
): Record<string, unknown> {
  const here: Record<string, unknown> = { ...settings };
  for (const [name, { images = {}, placeBound = [] }] of Object.entries(apps)) {
    const section = `fogline:${name}`;
    const isBound = (key: string): boolean => key in images || placeBound.includes(key);
    const own = entriesOf(lab[section]).filter(([key]) => isBound(key));
    const others = entriesOf(here[section]).filter(([key]) => !isBound(key));
    if (section in here || own.length > 0) {
      here[section] = Object.fromEntries([...others, ...own]);
    }
  }
  return here;
}

function entriesOf(section: unknown): [string, unknown][] {
  return isObject(section) ? Object.entries(section) : [];
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
 * Settings with the lab's facts merged into them: objects key by key, lists of plain values whole, other
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
    merged[key] = mergeValue(merged[key], fact, key);
  }
  return merged;
}

function mergeValue(base: unknown, over: unknown, path: string): unknown {
  if (Array.isArray(over)) {
    if (!over.some(isObject)) {
      return over;
    }
    const list = base === undefined ? [] : (base as unknown[]);
    if (over.length > 0 && over.every(isNamed)) {
      return list.map((each: unknown) =>
        mergeValue(each, over.find(({ name }) => isNamed(each) && each.name === name) ?? {}, path),
      );
    }
    if (!Array.isArray(list) || over.length > list.length) {
      throw new Error(`${path} of Pulumi.lab.yaml must list ${over.length} or more`);
    }
    return list.map((each: unknown, index) =>
      index < over.length ? mergeValue(each, over[index], `${path}[${index}]`) : each,
    );
  }
  if (isObject(over)) {
    const merged: Record<string, unknown> = isObject(base) ? { ...base } : {};
    for (const [key, value] of Object.entries(over)) {
      merged[key] = mergeValue(merged[key], value, `${path}.${key}`);
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
