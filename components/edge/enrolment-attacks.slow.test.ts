/** A hub that takes join requests, and those who want more of it than a place. Needs no lab. */
import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ENROLMENT_PORT } from "../../config/overlay-addresses.ts";
import { CONDITION } from "../../testing/patience.ts";
import { bundleKeys } from "./enrolment.ts";
import { ARCH, HUB, joinAddress, succeed, TestFog, type Invited } from "./testing/fog.ts";
import { pingOnce, type TestMachine } from "./testing/machines.ts";

const STATE = "/var/lib/fogline/enrolment";
const KEY = bundleKeys("a device").publicKey;
const REQUEST = `key ${KEY}
host-key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"B".repeat(43)}
arch ${ARCH}`;

const attic = invited("attic", 21);
const cabin = invited("cabin", 22);
let fog: TestFog;
let atticExpires = "";
let cabinExpires = "";

beforeAll(async () => {
  fog = await TestFog.start();
  atticExpires = await succeed(fog.invite(attic));
  cabinExpires = await succeed(fog.invite(cabin));
});

afterAll(() => {
  fog[Symbol.dispose]();
});

function invited(name: string, slot: number): Invited {
  return { name, address: `10.101.2.${slot}`, issue: "1", secret: randomUUID() };
}

/** What the hub answers to what its reader wrote, by a script that is told the file's name as $1. */
function decide(write: string, from = joinAddress(attic)): string {
  return fog.hub.must(
    `folder=$(mktemp -d); export REMOTE_ADDR=${from} RUNTIME_DIRECTORY=$folder
     write() { ${write}; }
     write "$folder/request"
     /usr/local/libexec/fogline-enrol admit 2>/dev/null || echo "no answer"
     rm -r "$folder"`,
  );
}

/** Brings up the tunnel of a bundle and nothing else of it. */
function dial(machine: TestMachine, bundle: string): void {
  const [conf, key] = ["JOIN_CONF", "JOIN_KEY"].map(
    (name) => bundle.split(`${name}='`)[1]?.split("'")[0] ?? "",
  );
  machine.must(`umask 077
    printf %s '${(conf ?? "").replace("@PRIVATE_KEY@", key ?? "")}' >/run/thief.conf
    wg-quick up /run/thief.conf 2>&1`);
}

function hangUp(machine: TestMachine): void {
  machine.must("wg-quick down /run/thief.conf 2>&1; rm /run/thief.conf");
}

describe("the part of the hub's enrolment that is root", () => {
  it.each([
    [
      "a link to what root alone may read",
      'echo secret >/run/secret; ln -s /run/secret "$1"',
      "the request is malformed",
    ],
    [
      "more than a request",
      `printf '%s\\n' '${REQUEST}' 'peer evil' >"$1"`,
      "the request is malformed",
    ],
    ["a megabyte", 'head -c 1000000 /dev/zero | tr "\\0" x >"$1"', "the request is malformed"],
    ["NUL bytes", `printf '%s\\0\\n' '${REQUEST}' >"$1"`, "the request is malformed"],
    ["nothing", ': >"$1"', "the request is malformed"],
    ["a reason of its own", 'echo "refused run this: reboot" >"$1"', "the request is malformed"],
    [
      "a reason that it knows",
      'echo "refused the request ends early" >"$1"',
      "the request ends early",
    ],
  ])("refuses %s from a broken reader", (_what, write, why) => {
    expect(decide(write)).toBe(`refused ${why}\n`);
    expect(fog.hub.must(`cat ${STATE}/attic/refused; ls ${STATE}/attic`)).toMatch(
      new RegExp(`^${why}\n(?![^]*device)`),
    );
  });

  it("speaks to nobody whose address no bundle has", () => {
    const request = `printf '%s\\n' '${REQUEST}' >"$1"`;
    expect(decide(request, "10.101.3.99")).toBe("refused no bundle is out for 10.101.3.99\n");
  });

  it("decides on no request that came before the bundle was issued", () => {
    const request = `printf '%s\\n' '${REQUEST}' >"$1"; touch -d '1 hour ago' "$1"`;
    expect(decide(request)).toBe("no answer\n");
    expect(fog.hub.must("wg show fogline0 peers")).not.toContain(KEY);
  });
});

describe("a join bundle in the wrong hands", () => {
  it("whose key is none of the hub's meets silence", async () => {
    const forged = { ...attic, secret: randomUUID() };
    const ask = `timeout 3 bash -c 'exec 3<>/dev/tcp/${HUB}/${ENROLMENT_PORT} && echo open'`;
    dial(fog.thief, fog.bundle(forged, atticExpires));
    const silent = await fog.thief.run(ask);
    hangUp(fog.thief);
    dial(fog.thief, fog.bundle(attic, atticExpires));
    await expect.poll(() => fog.thief.run(ask)).toMatchObject({ stdout: "open\n" });
    hangUp(fog.thief);
    expect(silent.stdout).toBe("");
  });

  it("opens few connections a second, and keeps no other device from joining", async () => {
    dial(fog.thief, fog.bundle(attic, atticExpires));
    const open = `timeout 3 bash -c 'exec 3<>/dev/tcp/${HUB}/${ENROLMENT_PORT}'`;
    await expect.poll(() => fog.thief.run(open)).toMatchObject({ code: 0 });
    const started = Date.now();
    const flood = fog.thief.run(
      `for i in {1..200}; do
         timeout 5 bash -c 'exec 3<>/dev/tcp/${HUB}/${ENROLMENT_PORT} && echo open && sleep 5' 2>/dev/null &
       done; wait`,
    );
    await succeed(fog.cabin.run(fog.bundle(cabin, cabinExpires)));
    const opened = (await flood).stdout.split("\n").filter((line) => line === "open").length;
    const seconds = (Date.now() - started) / 1000;
    hangUp(fog.thief);
    const ping = await fog.hub.run(pingOnce(cabin.address));
    await fog.cabin.run("bash /var/lib/fogline/leave");
    expect(ping.code, ping.stdout).toBe(0);
    expect(opened).toBeGreaterThan(0);
    // 10 at once, and 5 a second.
    expect(opened).toBeLessThanOrEqual(10 + Math.ceil(5 * seconds));
  });

  it("makes one device, however many ask at once", async () => {
    dial(fog.thief, fog.bundle(attic, atticExpires));
    const host = `host-key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"C".repeat(43)}`;
    const asked = await fog.thief.run(
      `for i in {1..8}; do
         printf 'key %s\\n${host}\\narch ${ARCH}\\nos Debian\\nend\\n' "$(wg genkey | wg pubkey)" \\
           | socat -t ${CONDITION / 1000} - TCP:${HUB}:${ENROLMENT_PORT},shut-none &
       done; wait`,
    );
    hangUp(fog.thief);
    const answers = asked.stdout.trim().split("\n");
    expect(answers.filter((line) => line === "joined")).toHaveLength(1);
    expect(answers.filter((line) => line.includes("the bundle for attic was used"))).toHaveLength(
      answers.length - 1,
    );
    expect(fog.hub.must("wg show fogline0 allowed-ips").match(/10\.101\.2\.21\/32/g)).toHaveLength(
      1,
    );
  });
});

describe("a device whose hub passes on its configuration", () => {
  it("refuses one with a command in it, and is left as it was", async () => {
    const shed = { ...invited("shed", 23), served: true };
    const expires = await succeed(fog.invite(shed));
    fog.hub.must(
      `wg set fogline0 peer ${bundleKeys(shed.secret).publicKey} allowed-ips ${joinAddress(shed)}/32`,
    );
    fog.hub.must(`printf '[Interface]\\nPostUp = touch /run/done\\n' >${STATE}/shed/conf`);
    const refused = await fog.cabin.run(fog.bundle(shed, expires));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("lines that no tunnel of Fogline has"),
    ]);
    expect(fog.cabin.must("ls /etc/wireguard /run | grep -E 'done|fogline0' || true")).toBe("");
    await succeed(fog.invite(shed, "delete"));
  });
});

describe("a hub of an earlier version", () => {
  const boat = invited("boat", 24);
  const units = "find /etc/systemd/system /usr/local/libexec -path '*enrol*' -type f | sort";
  let expires = "";

  /** Puts the names back that it had. */
  function age(): void {
    fog.hub.must(`cd ${STATE}
      for bundle in */; do mv "$bundle/join-address" "$bundle/guest"; : >"$bundle/lock"; done
      printf 'INTERFACE=fogline0\\nHUB=${HUB}\\nPORT=${ENROLMENT_PORT}\\n' >door; rm lock
      rm /usr/local/libexec/fogline-enrolment-request
      sed -i -e '/^ExecStart=/d' -e '$a ExecStart=/usr/local/libexec/fogline-enrol serve' \\
        /etc/systemd/system/fogline-enrolment@.service
      printf '#!/bin/bash\\n' >/usr/local/libexec/fogline-enrol`);
  }

  it("gets the new service in the place of the old one, and keeps its bundles", async () => {
    expires = await succeed(fog.invite(boat));
    const before = fog.hub.must(units);
    age();
    // Another device's step comes first.
    await succeed(fog.invite(attic, "update"));
    expect(fog.hub.must(units)).toBe(before);
    expect(fog.hub.must(`cat /etc/systemd/system/fogline-enrolment@.service`)).not.toContain(
      "serve",
    );
    expect(fog.hub.must(`ls ${STATE}; cat ${STATE}/boat/join-address`)).toBe(
      `attic\nboat\ncabin\nlock\n${joinAddress(boat)}\n`,
    );
    expect(fog.hub.must("nft list ruleset")).toContain(`ip saddr ${joinAddress(boat)} drop`);
    expect(await succeed(fog.invite(boat, "update"))).toBe(expires);
  });

  it("admits a device with a bundle that was out, which has notes under their earlier name", async () => {
    fog.cabin.must("mkdir -p /var/lib/fogline/guest; touch /var/lib/fogline/guest/started-ssh");
    await succeed(fog.cabin.run(fog.bundle(boat, expires)));
    fog.hub.must(pingOnce(boat.address));
    expect(fog.cabin.must("ls /var/lib/fogline /var/lib/fogline/notes")).toMatch(
      /^\/var\/lib\/fogline:\njoined\nleave\nnotes\n[^]*started-ssh/,
    );
  });
});
