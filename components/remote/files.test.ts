import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { mayStayUnread } from "../../lab/stand-ins/command/input.ts";
import { render } from "./render.ts";
import { FILES_SCRIPT, readScript } from "./script.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-files-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function run(script: string, values: Record<string, string>): Promise<unknown> {
  const child = spawn("bash", ["-s", "--", "create"], { stdio: ["pipe", "ignore", "ignore"] });
  mayStayUnread(child.stdin);
  child.stdin.end(render(`${readScript(FILES_SCRIPT)}\n${script}`, { NODE: "pi", ...values }));
  return (await once(child, "exit"))[0] as unknown;
}

describe("a file of a machine", () => {
  it("is written whole by every one of many that write it at once", async () => {
    const file = join(folder, "units/x.service");
    const codes = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        run('put "$FILE" 0640 "$TEXT"', { FILE: file, TEXT: `${i % 8}\n`.repeat(2000) }),
      ),
    );
    expect(new Set(codes)).toEqual(new Set([0]));
    expect(new Set(readFileSync(file, "utf8").trim().split("\n")).size).toBe(1);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(folder, "units"))).toEqual(["x.service"]);
  });

  it("stays as it was, and nothing lies beside it, when another cannot take its place", async () => {
    const taken = join(folder, "taken");
    await run('mkdir -p "$FILE/in-the-way"', { FILE: taken });
    expect(await run('put "$FILE" 0600 text', { FILE: taken })).not.toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith(".taken"))).toEqual([]);
  });

  it("gets its mode where its text is right already", async () => {
    const file = join(folder, "plain");
    writeFileSync(file, "text\n", { mode: 0o644 });
    expect(await run('put "$FILE" 0600 text', { FILE: file })).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
