/** First steps of machines in a Netmaker network, by programs that stand in for a machine's own. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { render } from "../../remote/render.ts";
import { readScript } from "../../remote/script.ts";
import { serverScript } from "./server.ts";
import { REACH_SCRIPT } from "./scripts.ts";

/** Of this computer; without any that changes a machine, as the first step ends at apt-get's failure. */
const OWN = ["awk", "bash", "cat", "date", "sed"];
const MEMBERS = ["wg", "wg-quick", "flock", "pgrep", "sysctl", "ss", "ip"];
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-netmaker-"));
  for (const name of OWN) {
    symlinkSync(`/usr/bin/${name}`, join(folder, name));
  }
  for (const name of [...MEMBERS, "systemctl"]) {
    program(name, "");
  }
  program("dpkg-query", '[ "${!#}" != mosquitto ] || printf installed');
  program(
    "apt-get",
    `echo "$*" >>${join(folder, "log")}; [[ " $* " != *" install "* ]] || exit 100`,
  );
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
}

/** Runs a first step until it installs, which fails; what it was to install. */
function asked(script: readonly string[], values: Readonly<Record<string, string>>): string {
  const { status, stderr } = spawnSync("/usr/bin/bash", ["-s", "--", "create"], {
    input: render(readScript(script), { NODE: "node", ...values }),
    encoding: "utf8",
    env: { PATH: folder, ROOT: folder },
  });
  const packages = /--no-install-recommends (.*)\n$/.exec(
    readFileSync(join(folder, "log"), "utf8"),
  );
  expect([status, stderr]).toEqual([
    1,
    expect.stringContaining(`node: cannot install ${packages?.[1] ?? ""}: apt-get says why above`),
  ]);
  return packages?.[1] ?? "";
}

describe("a machine that lacks programs gets them before anything else", () => {
  it.each([
    ["sqlite", "sqlite3"],
    ["postgres", "postgresql"],
  ] as const)("where it runs Netmaker's server with %s", (database, itsPackage) => {
    const values = { UI: "", UI_SHA256: "", UI_URL: "", URL: "", SHA256: "", PROGRAM: "" };
    expect(asked(serverScript(database), values)).toBe(
      `curl ca-certificates iputils-ping caddy ${itsPackage}`,
    );
  });

  it("where it is a worker, which reaches the hub by the cloud's route", () => {
    rmSync(join(folder, "flock"));
    expect(asked(REACH_SCRIPT, { HUB: "10.101.0.1", NAMES: "" })).toBe(
      "curl ca-certificates iputils-ping util-linux",
    );
  });
});
