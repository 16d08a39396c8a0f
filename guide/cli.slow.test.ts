/** The guide as a process: what it takes, how it ends, and what Ctrl-C leaves. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-guide-cli-"));
  mkdirSync(join(folder, "bin"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A program that the guide finds first. */
function program(name: string, text: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

/** Starts it; its process and what it came to. */
function guide(stack: string, ...args: readonly string[]) {
  return execa(
    process.execPath,
    ["--import", "tsx", join(import.meta.dirname, "cli.ts"), ...args],
    {
      env: {
        STACK: stack,
        HOME: folder,
        PATH: `${join(folder, "bin")}:${dirname(process.execPath)}:/usr/bin:/bin`,
      },
      reject: false,
      stdin: "ignore",
    },
  );
}

describe("make azure", () => {
  it("lists its options, and takes no others", async () => {
    const help = await guide("", "--help");
    expect([help.exitCode, help.stdout]).toEqual([0, expect.stringContaining("--fingerprint=…")]);
    const wrong = await guide("dev", "--subscripton=x");
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining("--subscripton")]);
  });

  it.each(["", "lab", "../dev"])("is for a stack on Azure, not for %j", async (stack) => {
    const { exitCode, stderr } = await guide(stack);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("fix: ")]);
  });

  it("ends with 1 where a step cannot go on, and says which", async () => {
    program("az", 'echo \'{"azure-cli": "2.30.0"}\'');
    const { exitCode, stdout } = await guide("dev");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("az 2.30.0 is too old: 2.45.0 or newer is needed");
    expect(stdout).toContain("Stopped at step 1, tools");
  });

  it("is ended by Ctrl-C with 130, ends what runs, and leaves no file half-written", async () => {
    const started = join(folder, "started");
    program("az", `trap 'rm ${started}; exit 1' TERM; >${started}; while :; do sleep 0.1; done`);
    const running = guide("dev");
    await expect.poll(() => existsSync(started)).toBe(true);
    running.kill("SIGINT");
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(130);
    expect(stdout).toContain("Interrupted. What was done stays, and nothing is billed");
    expect(existsSync(started)).toBe(false);
    expect(readdirSync(folder)).toEqual(["bin"]);
  });
});
