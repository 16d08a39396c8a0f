/**
 * The three ways to an edge device: the Pi is reached on the LAN by every other test; here a device
 * behind a second router is reached through the Pi as a jump host, then joins by a bundle.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { LAB_CONDITION } from "../../testing/patience.ts";
import { ENGINE } from "../engine/config.ts";
import { INNER, RUN } from "../layout.ts";
import { erase, halt, powerOn, runInside, type Ran } from "../machines/machine.ts";
import { removeInnerLan } from "../machines/network.ts";
import { startInnerDevice, type PiAccess } from "../machines/pi.ts";
import { hostArch } from "../toolchain/lock.ts";
import { inside, machines, podsAddress } from "../testing/machines.ts";
import {
  applyObjects,
  ask,
  kubectl,
  kubectlWaits,
  lab,
  objects,
  outputs,
  overNetmaker,
  timing,
  until,
  websiteImage,
  websitePods,
  websiteSpread,
  type Pod,
} from "../testing/lab.ts";
import { changeSettings, restoreSettings } from "../testing/stack-file.ts";

const bundleFile = join(RUN, "operator", "overlay", "lab", "join-attic.sh");
const operator = readFileSync(join(RUN, "operator", "id_ed25519.pub"), "utf8").trim();
const pi = { name: "raspberrypi", arch: hostArch(), host: "192.168.50.10" };
const attic = { name: "attic", arch: hostArch() };
/** Devices of this test stand behind the second router. */
const devices = ["attic", "cabin"] as const;

const OWN_NAMESPACE = "edge-test";

let access: PiAccess;
/** The attic's device before the program ever saw it. */
let before = "";
/** Whether the stack has the settings of its file again. */
let isRestored = false;

beforeAll(async () => {
  access = await startInnerDevice("attic", operator);
  await startInnerDevice("cabin", operator);
  // The jump host knows the way to the LAN behind the second router; the laptop does not.
  await inside("raspberrypi", `ip route replace ${INNER.lan} via ${INNER.outer}`);
  before = await inventory("attic");
});

afterAll(async () => {
  try {
    await restore();
  } finally {
    await inside("raspberrypi", `ip route del ${INNER.lan} || true`);
    await Promise.all(devices.map((name) => erase(name)));
    await removeInnerLan();
    await kubectl("delete", "namespace", OWN_NAMESPACE, "--ignore-not-found");
  }
  await websiteSpread();
});

/** Addresses that the lab's stack keeps; one that is kept for nobody is refused. */
const WORKER = { WorkerNode: "10.101.1.1" };
const BOTH = { ...WORKER, raspberrypi: "10.101.2.1" };

/** Brings the stack up with these devices. */
async function up(...edge: readonly object[]): Promise<string> {
  changeSettings({ edge, "overlay.addresses": edge.includes(pi) ? BOTH : WORKER });
  return lab("up");
}

/** Brings the stack up as its file has it. */
async function restore(): Promise<void> {
  restoreSettings();
  if (!isRestored) {
    await lab("up");
    isRestored = true;
  }
}

/** Names of the cluster's nodes. */
async function nodes(): Promise<string[]> {
  const found = await objects<{ metadata: { name: string } }>("nodes");
  return found.map(({ metadata: { name } }) => name).sort();
}

/** The cluster has these nodes and no others, each of them Ready. */
async function expectNodes(...names: readonly string[]): Promise<void> {
  expect(await nodes()).toEqual(names);
  // On a busy computer a node's report comes late now and then.
  await kubectlWaits("wait", "--for=condition=Ready", "nodes", "--all");
}

/** Pods of the attic's device and of the Pi meet, from one edge device to the other. */
async function expectEdgePodsConnect(): Promise<void> {
  // Its bridge comes with its first pod, and the website's may all be on the edge's other device.
  await applyObjects(...podOnPi(await websiteImage()));
  try {
    const pods = await until("a pod on the Pi", () => podsAddress("raspberrypi"));
    await until("the attic's pods to reach the Pi's", async () => {
      const ping = await runInside("attic", `ping -q -c 1 -W 1 ${pods}`);
      return ping.exitCode === 0 ? true : undefined;
    });
  } finally {
    await kubectl("delete", "pod", "waiting", `--namespace=${OWN_NAMESPACE}`);
  }
}

/** A pod that waits on the Pi, in a namespace of this test. */
function podOnPi(image: string): object[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: OWN_NAMESPACE } },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "waiting", namespace: OWN_NAMESPACE },
      spec: {
        nodeName: "raspberrypi",
        terminationGracePeriodSeconds: 0,
        containers: [
          { name: "waiting", image, command: ["node", "-e", "setInterval(() => {}, 1e6)"] },
        ],
      },
    },
  ];
}

/** A member's overlay address, as the stack's outputs name it. */
function address(name: string): string | undefined {
  return outputs().overlay.find((member) => member.name === name)?.address;
}

/**
 * Everything of a device that the program could change: files, units, interfaces, addresses, kernel
 * settings. What a running Debian writes by itself (logs, caches, random seeds) is left out.
 */
async function inventory(machine: string): Promise<string> {
  const pass = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/log/journal"];
  const alive = [
    "/var/log/*tmp*",
    "/var/log/lastlog*",
    "/var/lib/systemd/*",
    "/var/lib/lastlog*",
    "/var/lib/wtmpdb/*",
  ];
  return inside(
    machine,
    `set -euo pipefail
     find / -xdev \\( ${pass.map((path) => `-path ${path}`).join(" -o ")} \\) -prune \\
       -o ! \\( ${alive.map((path) => `-path '${path}'`).join(" -o ")} \\) \\
       -printf 'file %p %y %m %U:%G %l\\n' | sort
     find /etc /boot /home /root /usr/local -xdev -type f ! -name '*-' ! -name 'ssh_host_*' \\
       -exec sha256sum {} + | sort -k 2
     systemctl list-unit-files --no-legend --no-pager --plain | awk '{print "unit", $1, $2}'
     systemctl list-units --failed --no-legend --no-pager --plain | awk '{print "failed", $1}'
     ip -brief link | awk '{sub(/@.*/, "", $1); print "interface", $1}' | sort
     ip -brief address | awk '{$2=""; print "address", $0}' | grep -v fe80 | sort
     ip route | sort | sed 's/^/route /'
     for setting in ip_forward conf/all/forwarding conf/default/forwarding conf/all/route_localnet; do
       echo "setting $setting $(cat /proc/sys/net/ipv4/$setting)"
     done`,
  );
}

/** Lines that only one of two inventories has. */
function difference(then: string, now: string): string[] {
  const [old, fresh] = [new Set(then.split("\n")), new Set(now.split("\n"))];
  return [
    ...[...old].filter((line) => !fresh.has(line)).map((line) => `- ${line}`),
    ...[...fresh].filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

/** The device is as it was, as soon as it has done what it was told last. */
async function givenBack(): Promise<void> {
  let left: string[] = [];
  await until("the attic's device to be as it was", async () => {
    left = difference(before, await inventory("attic"));
    return left.length === 0 ? true : undefined;
  }).catch(() => undefined);
  expect(left).toEqual([]);
}

/** Visits the website until something is done; what was wrong with the visits that failed. */
async function visitsFailedDuring(work: Promise<unknown>): Promise<string[]> {
  const failed: string[] = [];
  const ended = new AbortController();
  const done = work.finally(() => {
    ended.abort();
  });
  const url = outputs().websiteUrls[0] ?? "";
  while (!ended.signal.aborted) {
    await ask(url).then(
      ({ status }) => (status === 200 ? 0 : failed.push(`status ${status}`)),
      (error: unknown) => failed.push(String(error)),
    );
    // As one visitor: more would have the autoscaler add pods.
    await setTimeout(50);
  }
  await done;
  return failed;
}

/** Carries the bundle to a device and runs it there, as a person at its keyboard would. */
async function runBundle(machine: (typeof devices)[number], text: string): Promise<Ran> {
  const encoded = Buffer.from(text).toString("base64");
  return runInside(
    machine,
    `umask 077; base64 -d >/run/join.sh <<'BUNDLE'\n${encoded}\nBUNDLE
     code=0; bash /run/join.sh || code=$?; rm /run/join.sh; exit $code`,
  );
}

describe("a device that only a jump host reaches", () => {
  it("is out of this computer's reach", async () => {
    const probe = await execa("nc", ["-z", "-w", "2", access.host, "22"], { reject: false });
    expect(probe.exitCode).not.toBe(0);
  });

  it("joins through it, and no other device's address moves", async () => {
    const started = Date.now();
    const { host, port, user, hostKey } = access;
    const { hostKey: jumpKey } = edgeFact("raspberrypi");
    const jump = { host: pi.host, user: "pi", hostKey: jumpKey };
    const others = [address("raspberrypi"), address("workernode")];
    await up(pi, { ...attic, reach: "jump", host, port, user, hostKey, jump });
    timing("a device adopted through a jump host", started);
    await expectNodes("attic", "masternode", "raspberrypi", "workernode");
    expect([address("raspberrypi"), address("workernode")]).toEqual(others);
    await expectEdgePodsConnect();
    expect(address("attic")).toMatch(overNetmaker() ? /^10\.101\.255\./ : /^10\.101\.2\./);
  });

  it("serves to the last: no visit fails while its pods move away and it leaves", async () => {
    await kubectl("rollout", "restart", "deployment/website-dep", "--namespace=website");
    await kubectlWaits("rollout", "status", "deployment/website-dep", "--namespace=website");
    const there = await until("a website pod on the attic's device", async () => {
      const pods = await websitePods();
      return pods.find(({ spec }) => spec.nodeName === "attic");
    });
    const started = Date.now();
    const failed = await visitsFailedDuring(up(pi));
    timing("a device given back", started);
    expect(failed).toEqual([]);
    await expectNodes("masternode", "raspberrypi", "workernode");
    const left = await objects<Pod>("pods", "--all-namespaces");
    expect(left.filter(({ spec }) => spec.nodeName === "attic")).toEqual([]);
    expect(left.map(({ metadata }) => metadata.name)).not.toContain(there.metadata.name);
  });

  it("was given back as it was", givenBack);
});

describe("a device that nobody reaches", () => {
  const joining = { ...attic, reach: "bundle", bundle: { waitMinutes: LAB_CONDITION / 60_000 } };
  const reissued = { ...joining, bundle: { ...joining.bundle, issue: 2 } };
  let bundle = "";
  let joinedAs: string | undefined;
  let piAs: string | undefined;

  /**
   * Brings the stack up with these devices and has the attic's join with the bundle that `up` then
   * waits for.
   */
  async function joinWith(...devices: readonly object[]): Promise<void> {
    rmSync(bundleFile, { force: true });
    const coming = up(...devices);
    // A failure of `up` ends the wait for the bundle as well.
    coming.catch(() => undefined);
    bundle = await Promise.race([
      coming.then((said) => Promise.reject(new Error(`up did not wait:\n${said}`))),
      until("the join bundle", () =>
        Promise.resolve(existsSync(bundleFile) ? readFileSync(bundleFile, "utf8") : undefined),
      ),
    ]);
    const started = Date.now();
    const joined = await runBundle("attic", bundle);
    expect(joined.exitCode, joined.stderr).toBe(0);
    timing("the bundle's run on the device", started);
    await coming;
    timing("from the bundle's run to a Ready node", started);
  }

  it("joins with a bundle, two NATs away, while up waits for it", async () => {
    await joinWith(pi, joining);
    await expectNodes("attic", "masternode", "raspberrypi", "workernode");
    await expectEdgePodsConnect();
    joinedAs = address("attic");
    piAs = address("raspberrypi");
    // The key pair was made there: the bundle holds another one.
    const key = (await inside("attic", "cat /etc/wireguard/fogline0.key")).trim();
    expect(key).toHaveLength(44);
    expect(bundle).not.toContain(key);
  });

  it("stays as it is at the next up", async () => {
    expect(await lab("up")).toMatch(/^resources: \d+ unchanged$/m);
  });

  it("shares its bundle with no other device", async () => {
    const empty = await inventory("cabin");
    const refused = await runBundle("cabin", bundle);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("the bundle for attic was used");
    expect(difference(empty, await inventory("cabin"))).toEqual([]);
  });

  it("joins anew with a bundle of a newer issue, as who it was and with other keys, while another device goes", async () => {
    const key = "wg pubkey </etc/wireguard/fogline0.key";
    const before = await inside("attic", key);
    // As after its card was written anew: K3s' password for the node's name is gone with the host key.
    await inside(
      "attic",
      `systemctl stop k3s-agent; rm -r /etc/rancher/node /etc/ssh/ssh_host_*; ssh-keygen -A
       systemctl restart ssh`,
    );
    await joinWith(reissued);
    await expectNodes("attic", "masternode", "workernode");
    expect(address("attic")).toBe(joinedAs);
    expect(await inside("attic", key)).not.toBe(before);
  });

  it("keeps its address when that other device comes back to its own", async () => {
    await up(pi, reissued);
    await expectNodes("attic", "masternode", "raspberrypi", "workernode");
    await expectEdgePodsConnect();
    expect([address("attic"), address("raspberrypi")]).toEqual([joinedAs, piAs]);
  });

  it("comes back by itself after a power cut", async () => {
    await halt("attic");
    await powerOn("attic");
    await until("the attic's device to answer over the overlay", async () => {
      const ping = await runInside("MasterNode", `ping -q -c 1 -W 1 ${joinedAs ?? ""}`);
      return ping.exitCode === 0 ? true : undefined;
    });
  });

  it("is given back as it was, and the hub forgets it", async () => {
    await restore();
    await expectNodes("masternode", "raspberrypi", "workernode");
    await givenBack();
    expect(existsSync(bundleFile)).toBe(false);
    const hub = machines().find((name) => name === "MasterNode") ?? "";
    // Its packet filter goes with its socket, which systemd stops.
    await until("the hub's enrolment to be gone", async () => {
      const left = await inside(hub, "nft list ruleset; ls /usr/local/libexec");
      return left.includes("enrol") ? undefined : true;
    });
    expect(await inside(hub, "wg show all allowed-ips")).not.toContain(joinedAs);
  });
});

/** A device as the stack's settings have it, with what the lab fills in. */
function edgeFact(name: string): PiAccess {
  const stack = parse(readFileSync(join(ENGINE, "Pulumi.lab.yaml"), "utf8")) as {
    config: { "fogline:edge": (PiAccess & { name: string })[] };
  };
  const found = stack.config["fogline:edge"].find((each) => each.name === name);
  if (found === undefined) {
    throw new Error(`the lab knows no device ${name}`);
  }
  return found;
}
