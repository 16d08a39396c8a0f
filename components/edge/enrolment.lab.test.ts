/**
 * Joining with a bundle, for real: WireGuard, two NATs and the scripts that the program sends, on
 * machines made of this computer's namespaces. Needs root and wireguard-go, and no lab.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { enrolmentAddress, enrolmentRange } from "../overlay/addresses.ts";
import { NAMES_SCRIPT } from "../overlay/names.ts";
import { PRIVATE_KEY, writeConf } from "../overlay/wireguard/conf.ts";
import { render } from "../remote/render.ts";
import { FILES_SCRIPT, readScript } from "../remote/script.ts";
import { bundleKeys, bundleText } from "./enrolment.ts";
import { scripts } from "./preparation.ts";
import { TestMachine, type Ran } from "./testing/machines.ts";

const range = "10.101.0.0/16";
const hubAddress = "10.101.0.1";
const port = "7471";
const arch = { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? "amd64";
const MTU = 1420;
let hub: TestMachine;
let cabin: TestMachine;
let thief: TestMachine;
let routers: TestMachine[] = [];
let hubKey = "";

/** What the hub is told of one device, and the bundle's own key. */
interface Invitation {
  readonly name: string;
  readonly address: string;
  readonly issue: string;
  readonly secret: string;
}

const first = { name: "cabin", address: "10.101.2.17", issue: "1", secret: randomUUID() };

beforeAll(async () => {
  [hub, cabin, thief, ...routers] = (await Promise.all(
    ["hub", "cabin", "thief", "outer", "inner"].map((name) => TestMachine.start(name)),
  )) as [TestMachine, TestMachine, TestMachine, TestMachine, TestMachine];
  const [outer, inner] = routers as [TestMachine, TestMachine];
  // hub ── internet ── outer router (NAT) ── inner router (NAT) ── the devices
  outer.cable(hub, "wan", "198.51.100.2/24", "198.51.100.1/24");
  inner.cable(outer, "street", "192.168.50.30/24", "192.168.50.1/24");
  cabin.cable(inner, "lan", "192.168.60.10/24", "192.168.60.1/24");
  thief.cable(inner, "lan2", "192.168.61.11/24", "192.168.61.1/24");
  for (const [router, uplink] of [
    [outer, "wan"],
    [inner, "street"],
  ] as const) {
    router.must(`sysctl -qw net.ipv4.ip_forward=1
      nft add table ip nat
      nft add chain ip nat out '{ type nat hook postrouting priority srcnat; }'
      nft add rule ip nat out oifname ${uplink} masquerade`);
  }
  inner.must("ip route add default via 192.168.50.1");
  cabin.must("ip route add default via 192.168.60.1");
  thief.must("ip route add default via 192.168.61.1");
  hubKey = hub.must("umask 077; wg genkey | tee /etc/wireguard/fogline0.key | wg pubkey").trim();
  await succeed(updateHub(1));
});

afterAll(() => {
  for (const machine of [hub, cabin, thief, ...routers]) {
    machine.stop();
  }
});

/** Runs the hub's own script of the overlay, with as many peers besides. */
function updateHub(peers: number): Promise<Ran> {
  const conf = writeConf({
    address: `${hubAddress}/16`,
    mtu: MTU,
    listenPort: 51820,
    peers: Array.from({ length: peers }, (_, i) => ({
      name: `worker${i}`,
      publicKey: bundleKeys(`worker ${i}`).publicKey,
      allowedIps: [`10.101.1.${i + 1}/32`],
    })),
  });
  const overlay = join(import.meta.dirname, "../overlay");
  const script = readScript([
    FILES_SCRIPT,
    NAMES_SCRIPT,
    join(overlay, "wireguard/scripts/member.sh"),
  ]);
  const values = { NODE: "hub", CONF: conf, HUB: "", MTU: String(MTU), FORWARD: "yes", NAMES: "" };
  return hub.run(render(script, values), "create");
}

function invite(to: Invitation, action = "create", validHours = 1): Promise<Ran> {
  return hub.run(
    render(readScript([FILES_SCRIPT, ...scripts("invite.sh")]), {
      NODE: to.name,
      ISSUE: to.issue,
      ARCH: arch,
      ADDRESS: to.address,
      GUEST: enrolmentAddress(range, to.address),
      KEY: bundleKeys(to.secret).publicKey,
      VALID_HOURS: String(validHours),
      RANGE: enrolmentRange(range),
      HUB: hubAddress,
      PORT: port,
      PROGRAM: readScript(scripts("enrol.sh")),
    }),
    action,
  );
}

function bundle(to: Invitation, expires: string): string {
  const conf = (address: string, reach: string): string =>
    writeConf({
      address,
      mtu: MTU,
      peers: [
        {
          name: "hub",
          publicKey: hubKey,
          allowedIps: [reach],
          endpoint: "198.51.100.1:51820",
        },
      ],
    });
  return bundleText(readScript(scripts("supported.sh", "join.sh")), {
    NODE: to.name,
    ARCH: arch,
    ISSUE: to.issue,
    HUB: hubAddress,
    PORT: port,
    EXPIRES: expires.trim(),
    GUEST_CONF: guestConf(to, conf),
    CONF: conf(`${to.address}/16`, range),
    ADMIN: "fogline",
    AUTHORIZED_KEY: "ssh-ed25519 AAAAC3Operator operator",
    LEAVE: readScript(scripts("leave.sh")),
  });
}

function guestConf(to: Invitation, conf: (address: string, reach: string) => string): string {
  const { privateKey } = bundleKeys(to.secret);
  const text = conf(`${enrolmentAddress(range, to.address)}/32`, `${hubAddress}/32`);
  return text.replace(PRIVATE_KEY, privateKey);
}

function awaitOnHub(to: Invitation, waitMinutes: number): Promise<Ran> {
  const values = {
    NODE: to.name,
    ISSUE: to.issue,
    WAIT_MINUTES: String(waitMinutes),
    FILE: `/home/op/join-${to.name}.sh`,
  };
  return hub.run(render(readScript(scripts("await.sh")), values), "create");
}

async function succeed(run: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await run;
  expect(code, stderr).toBe(0);
  return stdout;
}

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
    expires = await succeed(invite(first));
    expect(Number(expires) - Date.now() / 1000).toBeGreaterThan(3500);
    before = traces(cabin);
    const waiting = awaitOnHub(first, 2);
    const joined = await cabin.run(bundle(first, expires));
    expect(joined.code, joined.stderr).toBe(0);
    const said = await succeed(waiting);
    const own = cabin.must("wg pubkey </etc/wireguard/fogline0.key").trim();
    expect(own).not.toBe(bundleKeys(first.secret).publicKey);
    expect(said).toContain(`key ${own}\n`);
    expect(said).toContain(cabin.must("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub").trim());
    hub.must(`ping -q -c 1 -W 5 ${first.address}`);
    expect(cabin.must("cat /home/fogline/.ssh/authorized_keys")).toContain("AAAAC3Operator");
    expect(
      cabin.must("cat /etc/wireguard/fogline0.conf /etc/wireguard/fogline0.key"),
    ).not.toContain(bundleKeys(first.secret).privateKey);
  });

  it("has nothing left to do when the bundle is run once more", async () => {
    const again = await cabin.run(bundle(first, expires));
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("has joined already")]);
  });

  it("stays a member when the hub's peers change, and when the hub restarts", async () => {
    await succeed(updateHub(2));
    hub.must(`ping -q -c 1 -W 5 ${first.address}`);
    hub.must("systemctl restart wg-quick@fogline0.service");
    hub.must(`for i in {1..30}; do ping -q -c 1 -W 1 ${first.address} && exit 0; done; exit 1`);
  });

  it("keeps out who else has its bundle, saying who used it, and changes nothing there", async () => {
    const clean = traces(thief);
    const refused = await thief.run(bundle(first, expires));
    expect(refused.code).toBe(1);
    const print =
      cabin.must("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split(" ")[1] ?? "";
    expect(refused.stderr).toContain("the bundle for cabin was used");
    expect(refused.stderr).toContain(print);
    expect(traces(thief)).toBe(clean);
  });

  it("leaves nothing on itself when it leaves", async () => {
    await cabin.run("bash /var/lib/fogline/leave");
    expect(traces(cabin)).toBe(before);
  });

  it("leaves nothing on the hub when it is taken out of the stack", async () => {
    await succeed(invite(first, "delete"));
    expect(hub.must("ls -A /usr/local/libexec /var/lib")).toBe(
      "/usr/local/libexec:\n\n/var/lib:\n",
    );
    expect(hub.must("nft list ruleset")).not.toContain("fogline_enrolment");
    expect(hub.must("wg show fogline0 peers").trim().split("\n")).toHaveLength(2);
    expect(hub.must("find /etc/systemd/system -name '*enrol*'")).toBe("");
  });
});

describe("a join bundle", () => {
  const second = { ...first, name: "attic", address: "10.101.2.18", secret: randomUUID() };
  let expires = "";

  beforeAll(async () => {
    expires = await succeed(invite(second));
  });

  it("opens the hub's enrolment and nothing else", async () => {
    const conf = bundle(second, expires).split("GUEST_CONF='")[1]?.split("'")[0] ?? "";
    thief.must(`umask 077; printf %s '${conf}' >/run/guest.conf; wg-quick up /run/guest.conf 2>&1`);
    hub.must("setsid socat TCP-LISTEN:6443,fork,reuseaddr SYSTEM:'echo api' >/dev/null 2>&1 &");
    const reach = (to: string, at: string | number): Promise<Ran> =>
      thief.run(`timeout 3 bash -c 'exec 3<>/dev/tcp/${to}/${at} && echo open'`);
    // The hub does answer on the port that is meant, so the others' silence is not the tunnel's.
    expect((await reach(hubAddress, port)).stdout).toBe("open\n");
    expect((await reach(hubAddress, 6443)).code).not.toBe(0);
    expect((await thief.run(`ping -q -c 1 -W 2 ${hubAddress}`)).code).not.toBe(0);
    thief.must("wg-quick down /run/guest.conf 2>&1; rm /run/guest.conf");
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
    const answer = await hub.run(
      `printf '${request}\\n' | REMOTE_ADDR=10.101.3.18 /usr/local/libexec/fogline-enrol serve`,
    );
    expect(answer.stdout).toContain(`refused ${why}`);
    expect(hub.must("ls /var/lib/fogline/enrolment/attic")).not.toContain("device");
  });

  it("is refused to a device of another kind than the settings say", async () => {
    hub.must("echo riscv64 >/var/lib/fogline/enrolment/attic/arch");
    const refused = await cabin.run(bundle(second, expires));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("the settings call attic riscv64"),
    ]);
    hub.must(`echo ${arch} >/var/lib/fogline/enrolment/attic/arch`);
  });

  it("is refused by the hub when it has expired, whatever the device's clock says", async () => {
    hub.must("echo 1000 >/var/lib/fogline/enrolment/attic/expires");
    const refused = await cabin.run(bundle(second, expires));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("expired 1970-01-01 00:16 UTC: ask the operator for a new one"),
    ]);
  });

  it("is refused by the device itself when its clock knows", async () => {
    const refused = await cabin.run(bundle(second, "1000"));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("this bundle expired 1970-01-01 00:16 UTC");
  });

  it("that expired opens nothing any more, and the device says what may be wrong", async () => {
    hub.must("/usr/local/libexec/fogline-enrol sweep");
    const silent = await cabin.run(`export PATIENCE=3\n${bundle(second, expires)}`);
    expect(silent.code).toBe(1);
    expect(silent.stderr).toContain("no answer from the hub");
    expect(silent.stderr).toContain("blocks UDP to 198.51.100.1:51820");
  });

  it("that expired unused ends the wait with the way to a new one", async () => {
    const { code, stderr } = await awaitOnHub(second, 1);
    expect([code, stderr]).toEqual([1, expect.stringContaining("raise bundle.issue of attic")]);
  });

  it("of a new issue is good again; the wait is bounded and says how to go on", async () => {
    const third = { ...second, issue: "2", secret: randomUUID() };
    const until = await succeed(invite(third, "update"));
    const { code, stderr } = await awaitOnHub(third, 0);
    expect([code, stderr]).toEqual([1, expect.stringContaining("run up again")]);
    await succeed(cabin.run(bundle(third, until)));
    await succeed(awaitOnHub(third, 1));
    // The settings may not move it from afar: the way there would be cut.
    const moved = await invite({ ...third, address: "10.101.2.99" }, "update");
    expect([moved.code, moved.stderr]).toEqual([1, expect.stringContaining("overlay.addresses")]);
  });

  it("of a newer issue lets the same device join anew", async () => {
    const fourth = { ...second, issue: "3", secret: randomUUID() };
    const until = await succeed(invite(fourth, "update"));
    const joined = await cabin.run(bundle(fourth, until));
    expect([joined.code, joined.stderr]).toEqual([0, expect.stringContaining("earlier bundle")]);
    hub.must(`ping -q -c 1 -W 5 ${fourth.address}`);
  });
});
