/** Files of the Netmaker server, and how its script places them: no service is started without a reason. */
import { statSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { FakeMachine } from "../../k3s/testing/machine.ts";
import { serverFiles, type ServerFilesArgs } from "./server-files.ts";
import { serverScript } from "./server.ts";

const PROGRAM = "/usr/local/lib/fogline-netmaker/netmaker-0";
const ARGS: ServerFilesArgs = {
  host: "netmaker.example.com",
  isDomain: true,
  address: "203.0.113.7",
  database: "sqlite",
  program: PROGRAM,
  ui: "",
};

describe("the files of a Netmaker server", () => {
  it("are these", () => {
    const full = { database: "postgres", ui: "/usr/local/share/fogline-netmaker-ui-1" } as const;
    // Another form of the same content would restart the services of every network that runs.
    expect(serverFiles(ARGS)).toMatchSnapshot("with a domain");
    expect(serverFiles({ ...ARGS, ...full, host: ARGS.address, isDomain: false })).toMatchSnapshot(
      "by address, with PostgreSQL and the web application",
    );
  });
});

describe("the server's script", () => {
  let machine: FakeMachine;

  beforeEach(() => {
    machine = new FakeMachine();
    machine.write("etc/ssl/certs/ca-certificates.crt", "");
    // Its systemd starts whatever unit by this program.
    machine.write("usr/local/lib/fogline/k3s-inputs", "#!/bin/sh\n", 0o755);
    machine.command("dpkg-query", "printf installed");
    machine.command(
      "curl",
      `case "$*" in *hassuperadmin*) printf true ;; *netmaker-0.part*) cp "$STATE/served" "$ROOT${PROGRAM}.part" ;; esac`,
    );
    for (const name of ["apt-get", "chown", "mosquitto_passwd"]) {
      machine.command(name, "");
    }
  });

  afterEach(() => {
    machine.remove();
  });

  const install = (values: Readonly<Record<string, string>> = {}): ReturnType<FakeMachine["run"]> =>
    machine.run(serverScript("sqlite"), "update", {
      ...{ NODE: "masternode", HOST: ARGS.host, DOMAIN: "yes", ADMIN: "fogline", PASSWORD: "p" },
      ...{ URL: "https://files.example.com/netmaker", SHA256: machine.serve("server"), PROGRAM },
      ...{ UI: "", UI_URL: "", UI_SHA256: "", BACKUP: "backup", RESTORE: "restore" },
      ...serverFiles(ARGS),
      ...values,
    });

  it("fills in passwords that are made on the machine and are root's alone", async () => {
    const { code, stderr } = await install();
    expect(code, stderr).toBe(0);
    const password = machine.read("etc/fogline-netmaker/broker-password").trim();
    const settings = machine.read("etc/fogline-netmaker/server.env");
    expect(password).toMatch(/^[0-9a-f]{64}$/);
    expect(settings).toContain(`MQ_PASSWORD=${password}\n`);
    expect(settings).toContain(
      `MASTER_KEY=${machine.read("etc/fogline-netmaker/master-key").trim()}\n`,
    );
    expect(settings).not.toContain("@");
    const file = join(machine.root, "etc/fogline-netmaker/server.env");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(machine.calls().join("\n")).not.toContain(password);
  });

  it("starts each service once, and none where nothing is otherwise", async () => {
    await install();
    expect(machine.starts()).toBe(3);
    const before = machine.snapshot();
    expect(await install()).toMatchObject({ code: 0 });
    expect(machine.starts()).toBe(0);
    expect(machine.snapshot()).toBe(before);
  });

  it("starts the proxy alone anew where its site is another one", async () => {
    await install();
    machine.calls();
    await install({ CADDYFILE: serverFiles({ ...ARGS, ui: "/usr/local/share/ui" }).CADDYFILE });
    expect(machine.calls().filter((call) => call.startsWith("systemctl restart"))).toEqual([
      "systemctl restart fogline-netmaker-proxy.service",
    ]);
  });

  it("writes no settings with a mark that nobody fills in", async () => {
    const { code, stderr } = await install({ SERVER_ENV: "A=@NOBODY@\n" });
    expect([code, stderr]).toEqual([1, expect.stringContaining("@NOBODY@")]);
    expect(machine.has("etc/fogline-netmaker/server.env")).toBe(false);
  });
});
