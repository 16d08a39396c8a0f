/** A machine's first step, by programs that stand in for its own. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { render } from "../../remote/render.ts";
import { readScript } from "../../remote/script.ts";
import { KEY_SCRIPT } from "./scripts.ts";

const OWN = ["awk", "bash", "cat", "date", "ln", "mkdir", "mktemp", "mv", "rm"];
const MEMBERS = ["wg-quick", "flock", "modprobe", "pgrep", "sysctl", "ss", "ip"];
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-key-"));
  for (const name of OWN) {
    symlinkSync(`/usr/bin/${name}`, join(folder, name));
  }
  for (const name of MEMBERS) {
    program(name, "");
  }
  program("wg", "cat >/dev/null; echo key");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
}

function run(OPERATOR = "no"): { readonly code: number | null; readonly stderr: string } {
  const values = { NODE: "workernode", OPERATOR, KEY: join(folder, "keys/key"), EARLIER: "" };
  const { status, stderr } = spawnSync("/usr/bin/bash", ["-s", "--", "create"], {
    input: render(readScript(KEY_SCRIPT), values),
    encoding: "utf8",
    env: { PATH: folder, ROOT: folder },
  });
  return { code: status, stderr };
}

describe("a machine that lacks programs", () => {
  it("gets all of them before anything else", () => {
    program("id", "echo 0");
    program("apt-get", `echo "$*" >>${join(folder, "log")}`);
    const { code, stderr } = run();
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(folder, "log"), "utf8")).toMatch(
      /install -y -qq --no-install-recommends curl ca-certificates iputils-ping\n/,
    );
  });

  it("says so when they cannot be had", () => {
    program("id", "echo 0");
    program("apt-get", "exit 100");
    const { code, stderr } = run();
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("workernode: cannot install curl ca-certificates iputils-ping"),
    ]);
  });
});

describe("the operator's computer", () => {
  it("needs no program of a node", () => {
    program("id", "echo 0");
    program("ping", "");
    const { code, stderr } = run("yes");
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("is told what it lacks where nothing may be installed", () => {
    program("id", "echo 1000");
    const { code, stderr } = run("yes");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        "lacks programs: install them (Debian: sudo apt install iputils-ping)",
      ),
    ]);
  });
});

describe("a machine that is new", () => {
  beforeEach(() => {
    program("id", "echo 0");
    program("apt-get", `echo "apt-get $*" >>${join(folder, "log")}`);
    program("timeout", 'shift; exec "$@"');
    program("sleep", "");
  });

  it("installs nothing before cloud-init and apt's own runs are over", () => {
    program("cloud-init", `echo "cloud-init $*" >>${join(folder, "log")}`);
    // It is at work the first time that it is looked at.
    program(
      "systemctl",
      `echo "systemctl \${!#}" >>${join(folder, "log")}; [ -e ${join(folder, "seen")} ] || { >${join(folder, "seen")}; echo activating; }`,
    );
    const { code, stderr } = run();
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(folder, "log"), "utf8").split("\n").slice(0, 5)).toEqual([
      "cloud-init status --wait",
      "systemctl apt-daily.service",
      "systemctl apt-daily.service",
      "systemctl apt-daily-upgrade.service",
      expect.stringContaining("apt-get -o DPkg::Lock::Timeout=120 update"),
    ]);
  });

  it("is set up although its cloud-init ended with errors, and not while it hangs", () => {
    program("systemctl", "");
    program("cloud-init", "exit 2");
    expect(run()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("workernode: cloud-init ended with errors") as string,
    });
    rmSync(join(folder, "keys"), { recursive: true });
    program("timeout", "exit 124");
    expect(run()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("cloud-init has not ended within 600 s") as string,
    });
  });
});
