/** Reads a stack's settings: the only file that touches `pulumi.Config`. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { SettingsError } from "./problems.ts";
import { parse, type Settings } from "./schema.ts";

/** The operator's SSH key pair: the public half is installed on machines, the private one logs in. */
export interface OperatorKey {
  /** One line of `authorized_keys`. */
  readonly publicKey: string;
  /** OpenSSH private key; a Pulumi secret. */
  readonly privateKey: pulumi.Output<string>;
}

/** What the program is told, all of it checked. */
export interface Loaded {
  readonly settings: Settings;
  readonly operatorKey: OperatorKey;
}

/**
 * Reads and checks everything a stack was told.
 *
 * @throws SettingsError listing every problem of the stack file and of the operator's key
 */
export function load(): Loaded {
  const settings = parse(rawSettings());
  return { settings, operatorKey: readKey(expandHome(settings.operator.sshKey)) };
}

/** Absolute path of a setting that may start with `~/`. */
export function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
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

function readKey(path: string): OperatorKey {
  try {
    return {
      publicKey: readFileSync(`${path}.pub`, "utf8").trim(),
      privateKey: pulumi.secret(readFileSync(path, "utf8")),
    };
  } catch (error) {
    throw new SettingsError([
      {
        path: "fogline:operator.sshKey",
        rule: `the key pair cannot be read (${(error as Error).message})`,
        fix: `make one with: ssh-keygen -t ed25519 -N "" -f ${path}`,
      },
    ]);
  }
}
