/** A checkout's stack files, read without the engine. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { PlanError } from "./error.ts";

/** Stands for a value that the stack file holds encrypted: a plan has no key to it. */
export const ENCRYPTED = "[encrypted]";

/** Whether a checkout has a file for the stack. */
export function hasStack(checkout: string, stack: string): boolean {
  return existsSync(fileOf(checkout, stack));
}

/**
 * The settings of a stack by section, as its file has them.
 *
 * @throws PlanError when there is no such stack or its file is no YAML
 */
export function readStack(checkout: string, stack: string): Record<string, unknown> {
  if (!hasStack(checkout, stack)) {
    const known = stacksOf(checkout);
    throw new PlanError(
      `there is no stack ${stack}: Pulumi.${stack}.yaml does not exist`,
      known.length === 0 ? "write that file" : `choose STACK from ${known.join(", ")}, or write it`,
    );
  }
  const { config } = (read(fileOf(checkout, stack)) ?? {}) as { config?: object | null };
  return Object.fromEntries(
    Object.entries(config ?? {})
      .filter(([key]) => key.startsWith("fogline:"))
      .map(([key, value]) => [key.slice("fogline:".length), withoutSecrets(value)]),
  );
}

function read(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8")) as unknown;
  } catch (error) {
    throw new PlanError(`${path} cannot be read: ${(error as Error).message}`, "correct the file");
  }
}

function stacksOf(checkout: string): string[] {
  return readdirSync(checkout).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

function fileOf(checkout: string, stack: string): string {
  return join(checkout, `Pulumi.${stack}.yaml`);
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutSecrets);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const fields = Object.entries(value);
  return fields.length === 1 && fields[0]?.[0] === "secure"
    ? ENCRYPTED
    : Object.fromEntries(fields.map(([key, inner]) => [key, withoutSecrets(inner)]));
}
