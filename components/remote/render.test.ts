import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";

import { render } from "./render.ts";

function bash(text: string, action = "create"): string {
  return execFileSync("bash", ["-s", "--", action], { input: text, encoding: "utf8" });
}

describe("a rendered script", () => {
  it("hands any text over unharmed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const value = text.replaceAll("\0", "").replace(/[\uD800-\uDFFF]/gu, "");
        expect(bash(render('printf %s "$VALUE"', { VALUE: value }))).toBe(value);
      }),
      { numRuns: 20 },
    );
  });

  it("is read whole before its first command can eat from stdin", () => {
    expect(bash(render("cat\necho after", {}))).toBe("after\n");
  });

  it("learns the action as its first argument", () => {
    expect(bash(render('echo "$1"', {}), "delete")).toBe("delete\n");
  });

  it("refuses a name that is no shell variable", () => {
    expect(() => render("", { "A B": "" })).toThrow("is not a shell variable's name");
  });
});

describe("a script that runs alone", () => {
  const folder = mkdtempSync(join(tmpdir(), "fogline-lock-"));
  const lock = join(folder, "it's.lock");
  const log = join(folder, "log");

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function start(script: string, action = "create"): ChildProcessByStdio<Writable, null, Readable> {
    const child = spawn("bash", ["-s", "--", action], { stdio: ["pipe", "ignore", "pipe"] });
    child.stdin.end(render(script, { LOG: log, FOLDER: folder }, lock));
    return child;
  }

  it("waits for an earlier run that nobody hears any more, and says so", async () => {
    const first = start(
      'touch "$FOLDER/begun"; until [ -e "$FOLDER/go" ]; do :; done; echo 1 >>"$LOG"',
    );
    await vi.waitUntil(() => existsSync(join(folder, "begun")), { timeout: 10_000 });
    const second = start('echo 2 >>"$LOG"');
    const [said] = (await once(second.stderr, "data")) as [Buffer];
    expect(said.toString()).toContain("an earlier run of this step is still at work here");
    writeFileSync(join(folder, "go"), "");
    await Promise.all([once(first, "exit"), once(second, "exit")]);
    expect(readFileSync(log, "utf8")).toBe("1\n2\n");
  });

  it("does not hand the lock to what it starts and leaves behind", async () => {
    const first = start('sleep 60 </dev/null >/dev/null 2>&1 & echo $! >"$LOG"');
    await once(first, "exit");
    const second = start("exit 3", "update");
    expect(await once(second, "exit")).toEqual([3, null]);
    process.kill(Number(readFileSync(log, "utf8")));
  });

  it("stops at the first command that fails, and ends with its code", async () => {
    const child = start('set -e\nfalse\necho never >"$LOG"');
    expect(await once(child, "exit")).toEqual([1, null]);
    expect(readFileSync(log, "utf8")).not.toContain("never");
  });

  it("leaves no lock once its work is undone", async () => {
    expect(existsSync(lock)).toBe(true);
    await once(start("true", "delete"), "exit");
    expect(existsSync(lock)).toBe(false);
  });
});
