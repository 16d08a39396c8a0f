/** What Vitest itself prints of an error outside of tests, and what a run's end says of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { PROJECT } from "../../lab/layout.ts";
import { runCommand } from "./command.ts";
import { briefFailures, failureLines, outcomeOf, type Outcome } from "./report.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-outside-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A run of one test that passes, whose body does something besides. */
async function run(body: string): Promise<Outcome> {
  writeFileSync(join(folder, "a.test.mjs"), `it("works", async () => {\n${body}\n});\n`);
  const report = join(folder, "report.json");
  const command = [
    ...["node", join(PROJECT, "node_modules/vitest/vitest.mjs"), "run"],
    ...[`--root=${folder}`, "--globals", "--pool=forks"],
    ...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
  ];
  const log = join(folder, "log");
  // The run that this test is part of is none of its own.
  const env = { PATH: process.env["PATH"], HOME: folder, FORCE_COLOR: "1" };
  const exitCode = await runCommand({ command, env, cwd: folder, log });
  const said = readFileSync(log, "utf8");
  const step = {
    name: "one",
    command: ["vitest"],
    needs: "nothing",
    counted: { by: "report" },
  } as const;
  return outcomeOf(step, { exitCode, seconds: 1, log: said }, report, folder);
}

it.each([
  ["a promise that rejects", 'void Promise.reject(new TypeError("nobody waits"));'],
  ["an exception", 'setTimeout(() => { throw new TypeError("nobody waits"); });'],
])("a run whose tests pass is told to fail by %s", async (_, line) => {
  const outcome = await run(`${line}\nawait new Promise((resolve) => setTimeout(resolve, 50));`);
  expect(outcome).toMatchObject({ passed: 1, failed: 1 });
  expect(briefFailures(outcome)).toEqual([["TypeError: nobody waits (during a.test.mjs > works)"]]);
  expect(failureLines(outcome)[1]).toContain("a.test.mjs:2:");
  expect(failureLines(outcome).at(-1)).toBe("  no test failed; vitest: exit code 1");
});

it("a run whose worker ends says so", async () => {
  // Not process.exit, which Vitest keeps tests from.
  const outcome = await run('process.kill(process.pid, "SIGKILL");\nawait new Promise(() => {});');
  expect(outcome.failed).toBe(1);
  expect(briefFailures(outcome)[0]?.[0]).toMatch(/^Error: .*(?:Worker|Channel|worker)/);
});
