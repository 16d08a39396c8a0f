/** What a person gives the guide in tests. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";

import { fingerprint } from "../device.ts";
import type { Step } from "../step.ts";
import { STEPS } from "../steps/index.ts";
import { HOST_KEY } from "./computer.ts";
import type { Table } from "./table.ts";

/** Answers of a person who has everything and is not at the terminal. */
export const ANSWERS = {
  yes: true,
  address: "198.41.0.4",
  device: "pi@192.168.1.77",
  fingerprint: fingerprint(HOST_KEY),
  backend: "file://~?metadata=skip",
};

/** Some of the guide's steps. */
export function only(...names: readonly string[]): readonly Step[] {
  return STEPS.filter(({ name }) => names.includes(name));
}

/** The person's key pair; the path of its private half. */
export async function makeKey(table: Table, passphrase = ""): Promise<string> {
  const path = join(table.home, ".ssh/id_ed25519");
  mkdirSync(join(table.home, ".ssh"), { recursive: true });
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", path]);
  return path;
}
