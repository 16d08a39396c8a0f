import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { afterAll, describe, expect, it } from "vitest";

import { mockEngine, value } from "../../testing/engine.ts";
import type { Machine } from "../machine.ts";
import { printedBy } from "./render.ts";
import { LocalScript, readScript, RemoteScript, takeResult } from "./script.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-script-"));
const script = join(folder, "script.sh");
writeFileSync(script, "echo result\n");

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const machine: Machine = {
  name: "raspberrypi",
  tier: "edge",
  role: "agent",
  arch: "arm64",
  adminUser: "pi",
  connection: pulumi.output({ host: "192.168.1.50", hostKey: "ssh-ed25519 AAAA" }),
};

/** An engine whose steps print this. */
function printing(stdout: string | undefined, stdin?: string): void {
  void pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({
        id: name,
        state: {
          ...(inputs as Record<string, unknown>),
          ...{ stdout, stderr: "" },
          ...(stdin === undefined ? {} : { stdin }),
        },
      }),
      call: () => ({}),
    },
    "fogline",
    "test",
    false,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResourceHook: (request: unknown, done: (error: null) => void) => void;
  };
  monitor.registerResourceHook = (_, done) => {
    done(null);
  };
}

describe("a checkout", () => {
  it("has line feeds in what machines run, whatever core.autocrlf says", () => {
    const git = (args: readonly string[], input = ""): string =>
      execFileSync("git", args, { cwd: import.meta.dirname, input, encoding: "utf8" });
    const files = git(["ls-files", ":/*.sh", ":/*.service", ":/.ci/run", ":/Makefile"]);
    const lines = git(["check-attr", "--stdin", "text", "eol"], files).trim().split("\n");
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => !/: (text: (auto|set)|eol: lf)$/.test(line))).toEqual([]);
  });
});

describe("a step's result", () => {
  it("is what the script printed, whatever the login shell prints around it", async () => {
    printing(`Welcome to raspberrypi\n${printedBy("key\nmore")}\nlogout`);
    const step = new RemoteScript("step", { machine, script });
    expect(await value(step.result)).toBe("key\nmore");
    expect(await value(new LocalScript("local", { script }).result)).toBe("key\nmore");
  });

  it("is all that a step of an earlier version printed, which an up of others leaves alone", async () => {
    printing("key", "fogline() {\n:\n}\nfogline\n");
    expect(await value(new RemoteScript("step", { machine, script }).result)).toBe("key");
  });

  it("is empty where a step of an earlier version ran nothing", async () => {
    printing(undefined, "fogline() {\n:\n}\nfogline\n");
    expect(await value(new RemoteScript("step", { machine, script }).result)).toBe("");
  });

  it("stays secret where the script's output is", async () => {
    mockEngine({});
    const hidden = new RemoteScript("hidden", { machine, script, secretOutput: true });
    const shown = new RemoteScript("shown", { machine, script });
    expect(await pulumi.isSecret(hidden.result)).toBe(true);
    expect(await pulumi.isSecret(shown.result)).toBe(false);
  });

  it("is missed by name where the login shell ended before the script", () => {
    const what = "raspberrypi: the step raspberrypi-key";
    expect(() => takeResult("Welcome", what, false)).toThrow(
      /^raspberrypi: the step raspberrypi-key ended without its result.*It printed: Welcome$/,
    );
    expect(() => takeResult("token", what, true)).toThrow(/in sshd_config$/);
  });

  it("is nothing where a script runs only when its resource goes", async () => {
    printing("");
    const step = new RemoteScript("step", { machine, script, onlyUndo: true });
    expect(await value(step.result)).toBe("");
  });
});

describe("a step", () => {
  it("has the machine's SSH looked at before it, unless it opens no connection", async () => {
    const registered = mockEngine({});
    new RemoteScript("step", { machine, script });
    new RemoteScript("undo", { machine, script, onlyUndo: true });
    new LocalScript("local", { script });
    await expect.poll(() => registered.length).toBe(3);
    const hooks = Object.fromEntries(registered.map(({ name, hooks }) => [name, hooks]));
    expect(hooks).toEqual({
      step: ["SSH before step", "SSH before step"],
      undo: undefined,
      local: undefined,
    });
  });

  it("is refused when a checkout has given its script Windows' line ends, by the file's name", () => {
    mockEngine({});
    const crlf = join(folder, "crlf.sh");
    writeFileSync(crlf, "echo one\r\necho two\r\n");
    expect(() => readScript([script, crlf])).toThrow("crlf.sh has Windows' line ends (CRLF)");
    expect(() => new RemoteScript("step", { machine, script: crlf })).toThrow("crlf.sh");
  });
});
