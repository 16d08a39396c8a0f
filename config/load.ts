/** Reads a stack's settings: the only file that touches `pulumi.Config`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { isSecretConfig } from "@fogline/pulumi-kit/secret-config";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

import type { Readable } from "./known.ts";
import { keyPairProblems, type FileText, type OperatorKey } from "./operator-key.ts";
import { expandHome } from "./paths.ts";
import { placeholders } from "./placeholders.ts";
import { SettingsError, type Problem } from "./problems.ts";
import { plainPasswords, takePasswords, type Registries } from "./registries.ts";
import {
  operator,
  read,
  settingsOf,
  type AppSettings,
  type Reading,
  type Settings,
} from "./schema.ts";
import type { Sections } from "./section.ts";

/** What the program is told, all of it checked. */
export interface Loaded {
  /** Without passwords. */
  readonly settings: Settings & AppSettings;
  readonly operatorKey: OperatorKey;
  /** Passwords of image registries, by registry; secret. Settings have the rest of each login. */
  readonly registryPasswords: pulumi.Output<Readonly<Record<string, string>>>;
}

/**
 * Thrown before anything is created. The engine shows the message of a `RunError` alone, without a
 * stack trace.
 */
export class RefusedSettings extends pulumi.RunError {
  override readonly name = "SettingsError";

  constructor(readonly problems: readonly Problem[]) {
    super(new SettingsError(problems).message);
  }
}

/** Set where the program only declares its resources: values that stand for others are let through. */
export const DRAFT = "fogline-plan:draft";

/**
 * Reads and checks everything a stack was told.
 *
 * @param apps sections beside the program's own
 * @param rules more problems of the same settings; default: none
 * @throws RefusedSettings listing every problem of the stack file and of the operator's key
 */
export function load(
  apps: Sections,
  rules: (reading: Reading) => readonly Problem[] = () => [],
): Loaded {
  const reading = read(rawSettings(), apps);
  const { problems: wrong, readable } = reading;
  const isDraft = pulumi.runtime.allConfig()[DRAFT] === "true";
  const path = expandHome(sshKeyOf(readable));
  const [secret, open] = [readText(path), readText(`${path}.pub`)];
  const registries = registriesOf(readable);
  const problems = [
    ...wrong,
    ...readablePasswords(registries),
    ...rules(reading),
    ...(isDraft ? [] : placeholders(readable)),
    ...keyPairProblems(path, secret, open),
  ];
  if (problems.length > 0 || !("text" in secret && "text" in open)) {
    throw new RefusedSettings(problems);
  }
  const { open: logins, passwords } = takePasswords(registries);
  const k3s = { ...(readable["k3s"] as Settings["k3s"]), registries: logins };
  return {
    settings: settingsOf({ ...readable, k3s }),
    operatorKey: { publicKey: open.text.trim(), privateKey: pulumi.secret(secret.text) },
    registryPasswords: pulumi.secret(passwords),
  };
}

/** Logins to registries; none where they cannot be read. */
function registriesOf(readable: Readable): Registries {
  return (readable["k3s"] as Partial<Settings["k3s"]>).registries ?? {};
}

/**
 * Passwords that are not encrypted. The engine hands a section over with all of its values readable, and says of
 * the section as a whole whether one was encrypted; which ones, only the stack file tells.
 */
function readablePasswords(registries: Registries): Problem[] {
  if (Object.values(registries).every(({ password }) => password === undefined)) {
    return [];
  }
  const path = join(process.cwd(), `Pulumi.${pulumi.getStack()}.yaml`);
  const file: unknown = existsSync(path) ? parse(readFileSync(path, "utf8")) : undefined;
  return plainPasswords(registries, isSecretConfig("fogline:k3s"), file);
}

/** The key's path; the default one where the stack's own cannot be read. */
function sshKeyOf(readable: Readable): string {
  const { sshKey } = readable["operator"] as Partial<Settings["operator"]>;
  return sshKey ?? operator.parse({}).sshKey;
}

/** Values under `fogline:` by name. The engine hands structured values over as JSON text. */
function rawSettings(): Record<string, unknown> {
  const config = new pulumi.Config("fogline");
  return Object.fromEntries(
    Object.keys(pulumi.runtime.allConfig())
      .filter((key) => key.startsWith("fogline:"))
      .map((key) => key.slice("fogline:".length))
      .map((name) => [name, value(config.require(name))]),
  );
}

function value(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Plain text is a value as well; the schema says what it should have been.
    return text;
  }
}

function readText(path: string): FileText {
  try {
    return { text: readFileSync(path, "utf8") };
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? "unknown error" };
  }
}
