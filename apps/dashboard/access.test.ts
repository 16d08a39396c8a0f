import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DashboardError, openDashboard, type Access } from "./access.ts";
import { readOptions } from "./open.ts";

const EXPIRES = new Date("2026-01-01T00:00:00Z");
const payload = Buffer.from(JSON.stringify({ exp: EXPIRES.getTime() / 1000 })).toString(
  "base64url",
);
const TOKEN = `e30.${payload}.signature`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-test-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A kubectl that notes how it was called and answers each of its three uses by a line of shell. */
function access(uses: { service?: string; forward?: string; token?: string } = {}): Access {
  const program = join(folder, "kubectl");
  writeFileSync(
    program,
    `#!/bin/sh
echo "$*" >>'${folder}/calls'
case $1 in
  get) ${uses.service ?? "echo service/dashboard"} ;;
  port-forward) ${uses.forward ?? "echo 'Forwarding from 127.0.0.1:4466 -> 4466'; exec sleep 30"} ;;
  create) ${uses.token ?? `echo ${TOKEN}`} ;;
esac
`,
  );
  chmodSync(program, 0o700);
  return { kubectl: [program], role: "viewer", minutes: 30, port: 4466 };
}

function calls(): string[] {
  return readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
}

describe("opening the dashboard", () => {
  it("binds to this computer alone and gets a token for the asked time", async () => {
    const opened = await openDashboard(access());
    expect(opened.url).toBe("http://127.0.0.1:4466/");
    expect(opened.token).toBe(TOKEN);
    expect(opened.expires).toEqual(EXPIRES);
    opened.close();
    await opened.ended;
    const [, forward, create] = calls();
    expect(forward).toContain("port-forward --address=127.0.0.1 ");
    expect(forward).toContain("service/dashboard 4466:http");
    expect(create).toContain("create token dashboard-viewer --duration=30m");
  });

  it("says so when the stack has none, before it opens anything", async () => {
    await expect(openDashboard(access({ service: "true" }))).rejects.toThrow(
      "set fogline:dashboard.kind to headlamp",
    );
    expect(calls()).toHaveLength(1);
  });

  it("passes on why the port cannot be had", async () => {
    const taken = access({ forward: "echo 'address already in use' >&2; exit 1" });
    await expect(openDashboard(taken)).rejects.toThrow(
      "kubectl port-forward: address already in use",
    );
  });

  it("closes the port again when there is no token for it", async () => {
    const refused = access({
      forward: `echo $$ >'${folder}/pid'; echo 'Forwarding from 127.0.0.1:4466'; exec sleep 30`,
      token: "echo 'serviceaccounts is forbidden' >&2; exit 1",
    });
    await expect(openDashboard(refused)).rejects.toThrow("serviceaccounts is forbidden");
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  it("ends with the reason when the pod goes away", async () => {
    const lost = access({
      forward:
        "echo 'Forwarding from 127.0.0.1:4466'; sleep 0.3; echo 'lost connection to pod' >&2; exit 1",
    });
    const opened = await openDashboard(lost);
    await expect(opened.ended).rejects.toThrow("lost connection to pod");
  });
});

describe("the options", () => {
  it("are read", () => {
    expect(readOptions({ role: "operator", minutes: "15", port: "8080" })).toEqual({
      role: "operator",
      minutes: 15,
      port: 8080,
    });
  });

  it("are refused all at once", () => {
    const wrong = (): unknown => readOptions({ role: "admin", minutes: "9", port: "x" });
    expect(wrong).toThrow(DashboardError);
    expect(wrong).toThrow(/--role=admin.*\n--minutes=9.*10 to 720\n--port=x.*1 to 65535/);
  });
});
