/**
 * The whole story of the lab over Netmaker with PostgreSQL, which machines have from their first boot on: up
 * from nothing, its server away and restored, to plain WireGuard and back with SQLite and a web application,
 * and gone again by its own program.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { inside } from "../../testing/machines.ts";
import { lab, timing } from "../../testing/lab.ts";
import {
  expectBothTiers,
  expectNoVisitFailsWithoutServer,
  expectReady,
  expectRestored,
  get,
  move,
  OUTAGE,
} from "../../testing/host/netmaker.ts";
import { start } from "../../testing/host/up.ts";
import { offerUi, PAGE } from "../../testing/netmaker/ui.ts";
import { changeSettings, restoreSettings } from "../../testing/stack-file.ts";

beforeAll(() => {
  changeSettings({ "overlay.kind": "netmaker", "netmaker.database": "postgres" });
});

afterAll(restoreSettings);

describe("the lab over Netmaker with PostgreSQL", () => {
  it("comes up whole from nothing", async () => {
    await lab("down");
    const since = Date.now();
    const { exitCode, said } = await start("up").ended;
    expect(exitCode, said).toBe(0);
    timing("up over Netmaker", since);
    await expectReady();
  });

  it("serves the poll from cloud and edge", expectBothTiers);

  it("has nothing left to do", async () => {
    expect(await lab("up")).toMatch(/^resources: \d+ unchanged$/m);
  });

  it(`fails no visit while the server is away for ${OUTAGE} s`, expectNoVisitFailsWithoutServer);

  it("knows its members again after its database is restored from a backup", async () => {
    const loss = "runuser -u postgres -- dropdb fogline_netmaker";
    await expectRestored(loss, "the database fogline_netmaker_before");
    await expectReady();
  });

  it("refuses another database for a network that is there, and leaves it as it is", async () => {
    changeSettings({ "overlay.kind": "netmaker", "netmaker.database": "sqlite" });
    const { exitCode, said } = await start("up").ended;
    expect(exitCode).not.toBe(0);
    expect(said).toMatch(/fogline:netmaker\.database is sqlite, but the server here .* postgres/);
    expect(await lab("network")).toContain("Hosts 1  Clients 2  Egress 1");
  });

  it("moves to plain WireGuard without losing a node, and takes PostgreSQL's database away", async () => {
    await move("plain WireGuard", { "overlay.kind": "wireguard", "netmaker.database": "postgres" });
    const left = await inside(
      "MasterNode",
      `systemctl is-active postgresql || true
       systemctl start postgresql
       runuser -u postgres -- psql -Atc "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles" \
         | grep -c netmaker || true
       systemctl stop postgresql`,
    );
    expect(left).toBe("inactive\n0");
    expect(await inside("raspberrypi", "cat /etc/hosts")).not.toContain("netmaker");
  });

  it("moves to Netmaker again, with SQLite and a web application beside the API", async () => {
    await using ui = await offerUi();
    await move("Netmaker again", { "overlay.kind": "netmaker", "netmaker.ui": ui.setting });
    expect(await get("/")).toBe(PAGE);
    expect(await get("/networks/netmaker")).toBe(PAGE);
    expect(await get("/nmui-config.js")).toMatch(/^window.NMUI_BACKEND_URL='https:\/\/[\d.]+';$/);
    expect(await get("/api/server/status")).toContain('"db_connected":true');
  });

  it("knows its members again after its SQLite file is restored from a backup", async () => {
    const file = "/var/lib/fogline-netmaker/data/netmaker.db";
    await expectRestored(`rm ${file}*`, `${file}.before`);
  });

  it("takes the web application away with its setting", async () => {
    changeSettings({ "overlay.kind": "netmaker" });
    const { exitCode, said } = await start("up").ended;
    expect(exitCode, said).toBe(0);
    expect(await get("/")).not.toContain(PAGE);
    expect(await inside("MasterNode", "ls /usr/local/share")).not.toContain("fogline");
  });

  it("goes down by its own program", async () => {
    const { exitCode, said } = await start("down", "--destroy").ended;
    expect(exitCode, said).toBe(0);
    expect(said).toMatch(/resources: \d+ deleted/);
  });
});
