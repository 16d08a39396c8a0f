/** Joining with a bundle, for real. Needs no lab. */
import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ENROLMENT_PORT } from "../../config/overlay-addresses.ts";
import { bundleKeys } from "./enrolment.ts";
import { ARCH, HUB, succeed, TestFog } from "./testing/fog.ts";
import { pingOnce, type Ran, type TestMachine } from "./testing/machines.ts";

const first = { name: "cabin", address: "10.101.2.17", issue: "1", secret: randomUUID() };
let fog: TestFog;

beforeAll(async () => {
  fog = await TestFog.start();
});

afterAll(() => {
  fog[Symbol.dispose]();
});

/** What joining may change on a device. */
function traces(machine: TestMachine): string {
  return machine.must(
    `find /etc /var/lib/fogline /home/fogline /run /root -xdev ! -path '/run/wireguard' 2>/dev/null | sort || true
     getent passwd fogline || true
     ip -o link | cut -d: -f2`,
  );
}

describe("a device with a join bundle", () => {
  let expires = "";
  let before = "";

  it("is let in behind two NATs, with a key that it made itself", async () => {
    const asked = Math.floor(Date.now() / 1000);
    expires = await succeed(fog.invite(first));
    // For an hour, whenever the hub came to it.
    expect(Number(expires)).toBeGreaterThanOrEqual(asked + 3600);
    expect(Number(expires)).toBeLessThanOrEqual(Date.now() / 1000 + 3600);
    before = traces(fog.cabin);
    const waiting = fog.awaitOnHub(first);
    const joined = await fog.cabin.run(fog.bundle(first, expires));
    expect(joined.code, joined.stderr).toBe(0);
    const said = await succeed(waiting);
    const own = fog.cabin.must("wg pubkey </etc/wireguard/fogline0.key").trim();
    expect(own).not.toBe(bundleKeys(first.secret).publicKey);
    expect(said).toContain(`key ${own}\n`);
    expect(said).toContain(
      fog.cabin.must("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub").trim(),
    );
    fog.hub.must(pingOnce(first.address));
    expect(fog.cabin.must("cat /home/fogline/.ssh/authorized_keys")).toContain("AAAAC3Operator");
    expect(
      fog.cabin.must("cat /etc/wireguard/fogline0.conf /etc/wireguard/fogline0.key"),
    ).not.toContain(bundleKeys(first.secret).privateKey);
  });

  it("has nothing left to do when the bundle is run once more", async () => {
    const again = await fog.cabin.run(fog.bundle(first, expires));
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("has joined already")]);
  });

  it("stays a member when the hub's peers change, and when the hub restarts", async () => {
    await succeed(fog.updateHub(2));
    fog.hub.must(pingOnce(first.address));
    fog.hub.must("systemctl restart wg-quick@fogline0.service");
    fog.hub.must(pingOnce(first.address));
  });

  it("keeps out who else has its bundle, saying who used it, and changes nothing there", async () => {
    const clean = traces(fog.thief);
    const refused = await fog.thief.run(fog.bundle(first, expires));
    expect(refused.code).toBe(1);
    const print =
      fog.cabin.must("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split(" ")[1] ?? "";
    expect(refused.stderr).toContain("the bundle for cabin was used");
    expect(refused.stderr).toContain(print);
    expect(traces(fog.thief)).toBe(clean);
  });

  it("keeps its notes when it cannot leave altogether, and completes that when run again", async () => {
    // An own part of what joining made, which cannot be undone for now.
    fog.cabin.must(`echo homebridge >/var/lib/fogline/notes/packages
      printf '#!/bin/bash\necho -n installed\n' >/usr/local/sbin/dpkg-query
      printf '#!/bin/bash\n[[ $* = *simulate* ]] || exit 100\n' >/usr/local/sbin/apt-get
      chmod 0755 /usr/local/sbin/{dpkg-query,apt-get}`);
    const failed = await fog.cabin.run("bash /var/lib/fogline/leave");
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringContaining("could not undo everything that joining did ( remove_packages )"),
    ]);
    expect(fog.cabin.must("ls /var/lib/fogline")).toBe("joined\nleave\nnotes\n");
    // The rest is undone all the same.
    expect(fog.cabin.must("getent passwd fogline || true; ls /etc/wireguard")).toBe("");
    fog.cabin.must("rm /usr/local/sbin/{dpkg-query,apt-get} /var/lib/fogline/notes/packages");
  });

  it("leaves nothing on itself when it leaves", async () => {
    await fog.cabin.run("bash /var/lib/fogline/leave");
    expect(traces(fog.cabin)).toBe(before);
  });

  it("leaves nothing on the hub when it is taken out of the stack", async () => {
    await succeed(fog.invite(first, "delete"));
    expect(fog.hub.must("ls -A /usr/local/libexec /var/lib")).toBe(
      "/usr/local/libexec:\n\n/var/lib:\n",
    );
    expect(fog.hub.must("nft list ruleset")).not.toContain("fogline_enrolment");
    expect(fog.hub.must("wg show fogline0 peers").trim().split("\n")).toHaveLength(2);
    expect(fog.hub.must("find /etc/systemd/system -name '*enrol*'")).toBe("");
  });
});

describe("a join bundle", () => {
  const second = { ...first, name: "attic", address: "10.101.2.18", secret: randomUUID() };
  let expires = "";

  beforeAll(async () => {
    expires = await succeed(fog.invite(second));
  });

  it("opens the hub's enrolment and nothing else", async () => {
    const bundle = fog.bundle(second, expires);
    const [conf, key] = ["JOIN_CONF", "JOIN_KEY"].map((name) => bundle.split(`${name}='`)[1]);
    const tunnel = conf?.split("'")[0]?.replace("@PRIVATE_KEY@", key?.split("'")[0] ?? "") ?? "";
    fog.thief.must(
      `umask 077; printf %s '${tunnel}' >/run/thief.conf; wg-quick up /run/thief.conf 2>&1`,
    );
    fog.hub.must("setsid socat TCP-LISTEN:6443,fork,reuseaddr SYSTEM:'echo api' >/dev/null 2>&1 &");
    const reach = (to: string, at: string | number): Promise<Ran> =>
      fog.thief.run(`timeout 3 bash -c 'exec 3<>/dev/tcp/${to}/${at} && echo open'`);
    // The hub does answer on the port that is meant, so the others' silence is not the tunnel's.
    await expect.poll(() => reach(HUB, ENROLMENT_PORT)).toMatchObject({ stdout: "open\n" });
    expect((await reach(HUB, 6443)).code).not.toBe(0);
    expect((await fog.thief.run(`ping -q -c 1 -W 2 ${HUB}`)).code).not.toBe(0);
    fog.thief.must("wg-quick down /run/thief.conf 2>&1; rm /run/thief.conf");
  });

  it.each([
    ["a key that is none", "key AAAA", "the request lacks its key"],
    ["no end", "", "the request ends early"],
    [
      "more than it should say",
      "peer evil\\nkey A\\n1\\n2\\n3\\n4\\n5\\n6\\n7\\nend",
      "the request is too long",
    ],
  ])("is refused with %s, and stays good", async (_what, text, why) => {
    const request = text.includes("end") || text === "" ? text : `${text}\\nend`;
    const answer = await fog.hub.run(
      `printf '${request}\\n' | SOCAT_PEERADDR=10.101.3.18 /usr/local/sbin/connection`,
    );
    expect(answer.stdout).toContain(`refused ${why}`);
    expect(fog.hub.must("ls /var/lib/fogline/enrolment/attic")).not.toContain("device");
  });

  it("is refused to a device of another kind than the settings say", async () => {
    fog.hub.must("echo riscv64 >/var/lib/fogline/enrolment/attic/arch");
    const refused = await fog.cabin.run(fog.bundle(second, expires));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("the settings call attic riscv64"),
    ]);
    fog.hub.must(`echo ${ARCH} >/var/lib/fogline/enrolment/attic/arch`);
  });

  it("is refused by the hub when it has expired, whatever the device's clock says", async () => {
    fog.hub.must("echo 1000 >/var/lib/fogline/enrolment/attic/expires");
    const refused = await fog.cabin.run(fog.bundle(second, expires));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("expired 1970-01-01 00:16 UTC: ask the operator for a new one"),
    ]);
  });

  it("is refused by the device itself when its clock knows", async () => {
    const refused = await fog.cabin.run(fog.bundle(second, "1000"));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("this bundle expired 1970-01-01 00:16 UTC");
  });

  it("that expired opens nothing any more, and the device says what may be wrong", async () => {
    fog.hub.must("/usr/local/libexec/fogline-enrol sweep");
    const silent = await fog.cabin.run(`export PATIENCE=3\n${fog.bundle(second, expires)}`);
    expect(silent.code).toBe(1);
    expect(silent.stderr).toContain("no answer from the hub");
    expect(silent.stderr).toContain("blocks UDP to 198.51.100.1:51820");
  });

  it("that expired unused ends the wait with the way to a new one", async () => {
    const { code, stderr } = await fog.awaitOnHub(second);
    expect([code, stderr]).toEqual([1, expect.stringContaining("raise bundle.issue of attic")]);
  });

  it("of a new issue is good again; the wait is bounded and says how to go on", async () => {
    const third = { ...second, issue: "2", secret: randomUUID() };
    const until = await succeed(fog.invite(third, "update"));
    const { code, stderr } = await fog.awaitOnHub(third, 0);
    expect([code, stderr]).toEqual([1, expect.stringContaining("run up again")]);
    await succeed(fog.cabin.run(fog.bundle(third, until)));
    await succeed(fog.awaitOnHub(third));
    // The settings may not move it from afar: the way there would be cut.
    const moved = await fog.invite({ ...third, address: "10.101.2.99" }, "update");
    expect([moved.code, moved.stderr]).toEqual([1, expect.stringContaining("overlay.addresses")]);
  });

  it("of a newer issue lets the same device join anew", async () => {
    const fourth = { ...second, issue: "3", secret: randomUUID() };
    const until = await succeed(fog.invite(fourth, "update"));
    const joined = await fog.cabin.run(fog.bundle(fourth, until));
    expect([joined.code, joined.stderr]).toEqual([0, expect.stringContaining("earlier bundle")]);
    fog.hub.must(pingOnce(fourth.address));
  });
});
