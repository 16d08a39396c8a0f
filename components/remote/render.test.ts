import { execFileSync, spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";

import { mayStayUnread } from "../../lab/stand-ins/command/input.ts";
import { CONDITION } from "../../testing/patience.ts";
import { render, renderStep, resultOf } from "./render.ts";

/**
 * A code point, often one that shells have a meaning for. fast-check's own strings of any code point take
 * seconds to set up.
 */
const POINT = fc.oneof(fc.integer({ min: 1, max: 0x7f }), fc.integer({ min: 0x80, max: 0x10ffff }));

function bash(text: string, action = "create"): string {
  return execFileSync("bash", ["-s", "--", action], { input: text, encoding: "utf8" });
}

describe("a rendered script", () => {
  it("hands any text over unharmed", () => {
    fc.assert(
      fc.property(fc.array(POINT, { maxLength: 30 }), (points) => {
        const value = String.fromCodePoint(...points).replace(/[\uD800-\uDFFF]/gu, "");
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

describe("a step", () => {
  it("hands its result over in a frame, whatever a login shell prints around it", () => {
    const printed = bash(
      `echo -n "Welcome to raspberrypi"\n${renderStep("echo one; echo two", {})}echo bye`,
    );
    expect(printed).toContain("Welcome to raspberrypi");
    expect(resultOf(printed.trim())).toBe("one\ntwo");
  });

  it("has no result where nothing was framed", () => {
    expect(resultOf("Welcome to raspberrypi")).toBeUndefined();
    expect(resultOf(bash(renderStep("", {})))).toBe("");
  });

  it("prints nothing on stdout when it fails, whatever it printed before", () => {
    const child = spawnSync("bash", ["-s", "--", "create"], {
      input: renderStep("set -e; echo secret; false; echo never", {}),
      encoding: "utf8",
    });
    expect([child.status, child.stdout]).toEqual([1, ""]);
  });

  it("reads the same from programs in every locale, and warns of no missing one", () => {
    const child = spawnSync("bash", ["-s", "--", "create"], {
      input: renderStep("perl -e 1; locale | grep -c C.UTF-8", {}),
      encoding: "utf8",
      env: { PATH: process.env["PATH"], LANG: "xx_XX.UTF-8" },
    });
    expect(child.stderr.replace(/^.*setlocale.*\n/gm, "")).not.toContain("locale failed");
  });
});

describe("steps of a machine", () => {
  const folder = mkdtempSync(join(tmpdir(), "fogline-lock-"));
  const machine = join(folder, "machine.lock");
  const log = join(folder, "log");
  const lockOf = (step: string): string => join(folder, `it's ${step}.lock`);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  interface How {
    readonly step?: string;
    readonly action?: string;
    readonly waits?: boolean;
  }

  function start(
    script: string,
    { step = "one", action = "create", waits = false }: How = {},
  ): ChildProcessByStdio<Writable, null, Readable> {
    const child = spawn("bash", ["-s", "--", action], { stdio: ["pipe", "ignore", "pipe"] });
    const locks = { step: lockOf(step), machine, waits };
    mayStayUnread(child.stdin);
    child.stdin.end(renderStep(script, { LOG: log, FOLDER: folder }, locks));
    return child;
  }

  const until = (file: string): Promise<void> =>
    vi
      .waitUntil(() => existsSync(join(folder, file)), { timeout: CONDITION })
      .then(() => undefined);
  const holding = (mark: string): string =>
    `touch "$FOLDER/${mark}"; until [ -e "$FOLDER/go-${mark}" ]; do :; done`;
  const release = (mark: string): void => {
    writeFileSync(join(folder, `go-${mark}`), "");
  };

  it("wait for an earlier run that nobody hears any more, and say so", async () => {
    const first = start(`${holding("begun")}; echo 1 >>"$LOG"`);
    await until("begun");
    const second = start('echo 2 >>"$LOG"');
    const [said] = (await once(second.stderr, "data")) as [Buffer];
    expect(said.toString()).toContain("an earlier run of this step is still at work here");
    release("begun");
    await Promise.all([once(first, "exit"), once(second, "exit")]);
    expect(readFileSync(log, "utf8")).toBe("1\n2\n");
  });

  it("work one at a time, but for those that wait for something", async () => {
    const first = start(holding("works"), { step: "works" });
    await until("works");
    const waiting = start("true", { step: "waits", waits: true });
    expect(await once(waiting, "exit")).toEqual([0, null]);
    const other = start('touch "$FOLDER/other"', { step: "other" });
    const undone = start('touch "$FOLDER/undone"', {
      step: "waits",
      waits: true,
      action: "delete",
    });
    await vi.waitUntil(() => existsSync(lockOf("other")) && existsSync(lockOf("waits")), CONDITION);
    expect(existsSync(join(folder, "other")) || existsSync(join(folder, "undone"))).toBe(false);
    release("works");
    await Promise.all([once(first, "exit"), once(other, "exit"), once(undone, "exit")]);
    expect(existsSync(join(folder, "other")) && existsSync(join(folder, "undone"))).toBe(true);
  });

  it("lose nothing of what others change in the same file, however many run at once", async () => {
    writeFileSync(log, "0\n");
    const count = 30;
    const runs = Array.from({ length: count }, (_, i) =>
      start('echo $(($(cat "$LOG") + 1)) >"$LOG.new"; mv "$LOG.new" "$LOG"', { step: `${i}` }),
    );
    const codes = await Promise.all(runs.map((run) => once(run, "exit")));
    expect(new Set(codes.map(([code]) => code as number))).toEqual(new Set([0]));
    expect(readFileSync(log, "utf8")).toBe(`${count}\n`);
  });

  it("do not hand their locks to what they start and leave behind", async () => {
    const first = start('sleep 60 </dev/null >/dev/null 2>&1 & echo $! >"$LOG"');
    await once(first, "exit");
    const second = start("exit 3", { action: "update" });
    expect(await once(second, "exit")).toEqual([3, null]);
    process.kill(Number(readFileSync(log, "utf8")));
  });

  it("stop at the first command that fails, and end with its code", async () => {
    const child = start('set -e\nfalse\necho never >"$LOG"');
    expect(await once(child, "exit")).toEqual([1, null]);
    expect(readFileSync(log, "utf8")).not.toContain("never");
  });

  it("leave no lock behind", () => {
    expect(readdirSync(folder).filter((name) => name.endsWith(".lock"))).toEqual([]);
  });
});
