import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { netmaker } from "../../../config/netmaker.ts";
import { mockEngine, settled, type Registered } from "../../../testing/engine.ts";
import type { CloudMachine } from "../../machine.ts";
import { Server } from "./server.ts";

const sum = "0".repeat(64);
const uiSum = "1".repeat(64);
const program = { sha256: { amd64: sum } };
let registered: readonly Registered[] = [];

beforeAll(async () => {
  registered = mockEngine({});
  declare("Plain", { server: program });
  declare("Full", {
    server: program,
    version: "v1.5.2",
    database: "postgres",
    ui: { download: "https://files.example.com/{version}/ui.tar.gz", sha256: uiSum },
  });
  await settled();
});

function declare(name: string, settings: Readonly<Record<string, unknown>>): void {
  const machine: CloudMachine = {
    name,
    tier: "cloud",
    role: "server",
    arch: "amd64",
    adminUser: "fogline",
    publicAddress: pulumi.output("192.0.2.1"),
    privateAddress: pulumi.output("10.10.1.4"),
    lifetime: new pulumi.ComponentResource("test:index:Machine", name),
    connection: pulumi.output({ host: "192.0.2.1", hostKey: "ssh-ed25519 AAAA" }),
  };
  new Server(name, { settings: netmaker.parse(settings), machine });
}

function stdin(name: string): string {
  return String(registered.find((each) => each.name === `${name}-netmaker`)?.inputs["stdin"]);
}

describe("a Netmaker server", () => {
  it("keeps its records in SQLite and backs them up from there", () => {
    const script = stdin("plain");
    expect(script).toMatch(/^DATABASE=sqlite$/m);
    expect(script.split("VACUUM INTO")).toHaveLength(4);
    expect(script).not.toMatch(/pg_dump|runuser/);
  });

  it("keeps them in PostgreSQL where it is told to, and backs them up from there", () => {
    const script = stdin("full");
    expect(script).toMatch(/^DATABASE=postgres$/m);
    // In the installation, in the backup's program and in the one that restores.
    expect(script.split("pg_dump --format=custom")).toHaveLength(4);
    expect(script).not.toContain("sqlite3");
  });

  it("manages nobody's names, and asks nobody for its own address", () => {
    expect(stdin("plain")).toMatch(/^MANAGE_DNS=false$/m);
    expect(stdin("plain")).toMatch(/^HTTPS_PROXY=http:\/\/127\.0\.0\.1:9$/m);
  });

  it("starts after its broker, as often as it takes", () => {
    const unit = /Description=Netmaker server\n[^]*?\[Install\]/.exec(stdin("plain"))?.[0];
    expect(unit).toMatch(/^Wants=.*fogline-netmaker-broker\.service/m);
    expect(unit).toMatch(/^After=.*fogline-netmaker-broker\.service/m);
    expect(unit).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(unit).toMatch(/^Restart=on-failure$/m);
  });

  it("fetches no web application unless it is told which", () => {
    expect(stdin("plain")).toMatch(/^UI=''\nUI_SHA256=''\nUI_URL=''$/m);
    expect(stdin("full")).toMatch(
      new RegExp(
        `^UI_SHA256='${uiSum}'\nUI_URL='https://files.example.com/v1.5.2/ui.tar.gz'$`,
        "m",
      ),
    );
  });
});
