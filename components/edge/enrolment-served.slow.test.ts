/** Joining with a bundle where a server keeps the overlay's peers, for real. Needs no lab. */
import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bundleKeys, parseEnrolled } from "./enrolment.ts";
import { joinAddress, HUB, succeed, TestFog } from "./testing/fog.ts";
import { pingOnce } from "./testing/machines.ts";

const shed = {
  name: "shed",
  address: "10.101.2.19",
  issue: "1",
  secret: randomUUID(),
  served: true,
};
let fog: TestFog;
let expires = "";

beforeAll(async () => {
  fog = await TestFog.start();
  expires = await succeed(fog.invite(shed));
  serve(bundleKeys(shed.secret).publicKey, joinAddress(shed));
});

afterAll(() => {
  fog[Symbol.dispose]();
});

/** What the server does when it is told of a peer. */
function serve(publicKey: string, address: string): void {
  fog.hub.must(`wg set fogline0 peer ${publicKey} allowed-ips ${address}/32`);
}

describe("a device whose overlay has its peers from a server", () => {
  it("keeps its key when nobody lets it in, and is the same when it asks again", async () => {
    // Long enough for a busy hub to hear of it.
    const early = await fog.cabin.run(`export PATIENCE=20\n${fog.bundle(shed, expires)}`);
    expect(early.code).toBe(1);
    expect(early.stderr).toContain("the operator's up has not let it in within 20 s");
    expect(early.stderr).toContain("keeps its key");
    const own = fog.cabin.must("wg pubkey </etc/wireguard/fogline0.key").trim();
    const joining = fog.cabin.run(fog.bundle(shed, expires));
    const { key } = parseEnrolled(await succeed(fog.awaitOnHub(shed)));
    expect(key).toBe(own);
    serve(key, shed.address);
    await succeed(fog.admit(shed, "create"));
    await succeed(joining);
    fog.hub.must(pingOnce(shed.address));
    const conf = fog.cabin.must("cat /etc/wireguard/fogline0.conf");
    expect(conf).toContain(`Address = ${shed.address}/16`);
  });

  it("shares its bundle with no other one", async () => {
    const refused = await fog.thief.run(fog.bundle(shed, expires));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("the bundle for shed was used"),
    ]);
  });

  it("holds the hub to its kind of overlay: another one would cut it off", async () => {
    const moved = await fog.updateHub(1);
    expect([moved.code, moved.stderr]).toEqual([
      1,
      expect.stringContaining("shed joined by a bundle, and would be cut off for good"),
    ]);
  });

  it("is shut out by a bundle of a newer issue, with which it may join anew", async () => {
    const next = { ...shed, issue: "2", secret: randomUUID() };
    expires = await succeed(fog.invite(next, "update"));
    const silent = await fog.cabin.run(`ping -q -c 1 -W 1 ${HUB}`);
    expect(silent.code).toBe(1);
    serve(bundleKeys(next.secret).publicKey, joinAddress(next));
    const joining = fog.cabin.run(fog.bundle(next, expires));
    const { key } = parseEnrolled(await succeed(fog.awaitOnHub(next)));
    serve(key, next.address);
    await succeed(fog.admit(next, "create"));
    await succeed(joining);
    fog.cabin.must(pingOnce(HUB));
  });

  it("is waited for when it leaves", async () => {
    const leaving = fog.admit(shed, "delete");
    await fog.cabin.run("bash /var/lib/fogline/leave");
    expect((await leaving).stderr).toBe("");
    await succeed(fog.invite(shed, "delete"));
    expect(fog.hub.must("nft list ruleset")).not.toContain(joinAddress(shed));
  });
});
