/** The stack file of a test's own: the checkout's is never touched. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { PROJECT } from "../layout.ts";

/** What the lab runs with but for the tests: another file where the environment names one. */
const given = process.env["STACK_FILE"];
let folder: string | undefined;

/** Lets every `up` from now on run with some of the lab stack's settings changed. */
export function changeSettings(changes: Readonly<Record<string, unknown>>): void {
  const document = parseDocument(readFileSync(given ?? join(PROJECT, "Pulumi.lab.yaml"), "utf8"));
  for (const [path, value] of Object.entries(changes)) {
    const [section = "", ...keys] = path.split(".");
    document.setIn(["config", `fogline:${section}`, ...keys], document.createNode(value));
  }
  folder ??= mkdtempSync(join(tmpdir(), "fogline-stack-"));
  const file = join(folder, "Pulumi.lab.yaml");
  writeFileSync(file, document.toString());
  process.env["STACK_FILE"] = file;
}

/** Lets every `up` from now on run with the settings as they were again. */
export function restoreSettings(): void {
  if (given === undefined) {
    delete process.env["STACK_FILE"];
  } else {
    process.env["STACK_FILE"] = given;
  }
  if (folder !== undefined) {
    rmSync(folder, { recursive: true });
    folder = undefined;
  }
}
