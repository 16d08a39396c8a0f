/**
 * What is asked of a lab after a failure, before anything changes it: nodes, pods, events, each machine's
 * journal.
 * Usage, on the lab's computer: node --import tsx testing/harness/post-mortem.ts FILE
 */
import { existsSync, readdirSync } from "node:fs";
import { appendFile, writeFile } from "node:fs/promises";

import { execa } from "execa";

import { MACHINES, PROJECT } from "../../lab/layout.ts";

/** Seconds that one question may take. */
const PATIENCE = 60;

/** Commands of lab/cli.ts. */
const QUESTIONS = [
  ["status"],
  ["kubectl", "get", "pods", "--all-namespaces", "--output=wide", "--request-timeout=20s"],
  [
    "kubectl",
    "get",
    "events",
    "--all-namespaces",
    "--sort-by=.lastTimestamp",
    "--request-timeout=20s",
  ],
];

/** Writes into a file how the lab of this computer stands. */
async function writePostMortem(path: string): Promise<void> {
  const machines = existsSync(MACHINES)
    ? readdirSync(MACHINES).filter((name) => !name.startsWith("."))
    : [];
  const journals = machines.map((name) => ["logs", name, "--lines=400"]);
  await writeFile(path, "");
  for (const question of [...QUESTIONS, ...journals]) {
    const { all } = await execa(process.execPath, ["lab/start.mjs", ...question], {
      cwd: PROJECT,
      all: true,
      reject: false,
      timeout: PATIENCE * 1000,
    });
    await appendFile(path, `$ lab/start.mjs ${question.join(" ")}\n${all}\n\n`);
  }
}

const [path, ...more] = process.argv.slice(2);
if (path === undefined || more.length > 0) {
  console.error("usage: testing/harness/post-mortem.ts FILE");
  process.exit(2);
}
await writePostMortem(path);
