/** What the faults of the network ask of machines, and what they refuse. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it, vi } from "vitest";

import { InForce } from "../../in-force.ts";
import type { Fault } from "../../model.ts";
import { machinesOnly, scriptedSite, type ScriptedSite } from "../../testing/scripted-site.ts";
import { kindOf } from "../index.ts";
import { drop } from "./table.ts";
import { readUplink } from "./uplink.ts";

const relay = vi.hoisted(() => ({ path: "" }));
vi.mock("../../relay.ts", async (original) => ({
  ...(await original<object>()),
  ensureRelay: () => Promise.resolve(relay.path),
}));

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "fogline-"));
  relay.path = join(folder, "relay");
  writeFileSync(relay.path, "a program");
  return () => {
    rmSync(folder, { recursive: true });
  };
});

const ROUTES = JSON.stringify([
  { dst: "default", gateway: "192.168.50.1", dev: "wlan0", metric: 600, flags: [] },
  { dst: "default", gateway: "192.168.50.1", dev: "eth0", metric: 100, flags: [] },
  { dst: "10.42.1.0/24", dev: "cni0", scope: "link", prefsrc: "10.42.1.1", flags: [] },
  { dst: "168.63.129.16", gateway: "192.168.50.1", dev: "eth0", flags: [] },
  { dst: "192.168.50.0/24", dev: "eth0", scope: "link", prefsrc: "192.168.50.10", flags: [] },
]);
const LINKS = JSON.stringify([
  { ifname: "lo", mtu: 65536, addr_info: [{ local: "127.0.0.1", scope: "host" }] },
  { ifname: "eth0", mtu: 1500, addr_info: [{ local: "192.168.50.10", scope: "global" }] },
]);
const conf = (device: string, value: number): string =>
  `/proc/sys/net/ipv4/conf/${device}/rp_filter:${value}`;

const KEYS = { pi: `${"p".repeat(43)}=`, hub: `${"h".repeat(43)}=` };
const TUNNELS: Readonly<Record<string, string>> = {
  raspberrypi: `own ${KEYS.pi}\n${KEYS.hub}\t203.0.113.10:51820\n`,
  MasterNode: `own ${KEYS.hub}\n${KEYS.pi}\t198.51.100.2:40001\n`,
  WorkerNode: `own ${"w".repeat(43)}=\n${KEYS.hub}\t[2001:db8::1]:51820\n${"x".repeat(43)}=\t(none)\n`,
};

/** Machines of one uplink each, with the filter of the way back as it is given. */
function machines(filter = 2): ScriptedSite {
  return scriptedSite(
    machinesOnly((machine, text) => {
      if (text.includes("ip -json")) {
        return [ROUTES, LINKS, conf("all", 0), conf("eth0", filter)].join("\n");
      }
      if (text === "uname -m") {
        return "aarch64\n";
      }
      return text.includes("wg show interfaces") ? (TUNNELS[machine] ?? "") : "";
    }),
  );
}

/** The script that a fault is brought about with. */
async function injected(fault: Fault, site = machines()): Promise<string> {
  await kindOf(fault).inject(site, fault, () => undefined);
  return site.asked.at(-1)?.script ?? "";
}

describe("a machine's uplink", () => {
  it("is the interface of the default route that the kernel takes", () => {
    expect(readUplink("pi", ROUTES, LINKS, [conf("all", 0), conf("eth0", 2)])).toEqual({
      device: "eth0",
      mtu: 1500,
      address: "192.168.50.10",
      subnets: ["192.168.50.0/24"],
      isStrict: false,
    });
  });

  it("filters strictly where the larger of both settings says so", () => {
    const isStrict = (all: number, own: number): boolean =>
      readUplink("pi", ROUTES, LINKS, [conf("all", all), conf("eth0", own)]).isStrict;
    expect([isStrict(0, 1), isStrict(1, 0), isStrict(2, 1), isStrict(0, 0)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("is asked for by name where there is none", () => {
    expect(() => readUplink("pi", "[]", LINKS, [])).toThrow("pi has no default route over IPv4");
  });
});

describe("loss", () => {
  const loss = { kind: "loss", machine: "raspberrypi", percent: 2, direction: "out" } as const;

  it("drops by chance, for a time that the kernel looks after", async () => {
    const text = await injected(loss);
    expect(text).toContain(`elements = { "eth0" timeout 7200000ms }`);
    expect(text).toContain(`type filter hook egress device "eth0" priority 0; policy accept;`);
    expect(text).toContain(
      "oifname @in_force counter name out_seen numgen random mod 10000 < 200 counter name out_dropped drop",
    );
    expect(text).not.toContain("ingress");
  });

  it("has a rule for each direction that it is of", async () => {
    const text = await injected({ ...loss, direction: "both" });
    expect(text).toContain("hook ingress");
    expect(text).toContain("hook egress");
  });

  it("counts what it dropped, by machine", async () => {
    const counter = (name: string, packets: number): object => ({ counter: { name, packets } });
    const listed = {
      nftables: [{ metainfo: {} }, counter("in_seen", 50), counter("in_dropped", 1)],
    };
    const site = scriptedSite(machinesOnly(() => JSON.stringify(listed)));
    expect(await kindOf(loss).report?.(site, loss)).toEqual({
      loss_raspberrypi_in_seen: 50,
      loss_raspberrypi_in_dropped: 1,
    });
  });
});

describe("a stall", () => {
  it("drops everything both ways for its time, before any other fault sees it", async () => {
    const text = await injected({ kind: "stall", machine: "raspberrypi", seconds: 3 });
    expect(text).toContain("timeout 3000ms");
    expect(text).toContain("iifname @in_force counter name in_seen counter name in_dropped drop");
    expect(text).toContain("oifname @in_force counter name out_seen counter name out_dropped drop");
    expect(text).toContain("priority -20");
  });
});

describe("a partition", () => {
  const cut = {
    kind: "partition",
    machine: "raspberrypi",
    peer: "MasterNode",
    direction: "out",
  } as const;

  it("drops WireGuard's packets to the other end's address and port", async () => {
    const text = await injected(cut);
    expect(text).toContain("ip daddr 203.0.113.10 udp dport 51820 counter");
    expect(text).not.toContain("ingress");
  });

  it("drops those that come from it, in the other direction", async () => {
    const hub = { ...cut, machine: "MasterNode", peer: "raspberrypi", direction: "in" } as const;
    const text = await injected(hub);
    expect(text).toContain("ip saddr 198.51.100.2 udp sport 40001 counter");
    expect(text).not.toContain("egress");
  });

  it("knows addresses of IPv6", async () => {
    const text = await injected({ ...cut, machine: "WorkerNode" });
    expect(text).toContain("ip6 daddr 2001:db8::1 udp dport 51820");
  });

  it("is refused between machines whose packets go through the hub", async () => {
    const fault = { ...cut, peer: "WorkerNode" };
    await expect(injected(fault)).rejects.toThrow(
      "raspberrypi and WorkerNode have no tunnel to each other that has been used",
    );
  });

  it("asks no machine for a secret", async () => {
    const site = machines();
    await injected(cut, site);
    expect(site.asked.map(({ script }) => script).join("\n")).not.toMatch(
      /private-key|dump|showconf/,
    );
  });
});

describe("a rate", () => {
  it("takes the place of a discipline that the kernel chose, and of no other", async () => {
    const text = await injected({ kind: "rate", machine: "raspberrypi", mbit: 1.5 });
    expect(text).toContain(
      "tc qdisc replace dev eth0 root handle f06: tbf rate 1500kbit burst 32kb latency 50ms",
    );
    expect(text).toContain(`$there != *" 0: root "*`);
    expect(text).toContain("--on-active=7200");
  });
});

describe("a delay", () => {
  const delay: Fault = {
    kind: "delay",
    machine: "raspberrypi",
    milliseconds: 50,
    jitterMilliseconds: 20,
  };

  it("leads the machine's own packets through a relay of its kind of processor", async () => {
    const text = await injected(delay);
    expect(text).toContain("'-mtu=1500' '-mark=0xf06' '-limit=10000' '-delay=50ms' '-jitter=20ms'");
    expect(text).toContain("--property=RuntimeMaxSec=7200");
    expect(text.trimEnd().split("\n").slice(-4)).toEqual([
      "ip -4 route replace default dev fogdelay src 192.168.50.10 table 3846",
      "ip -4 rule add pref 32700 fwmark 0/0xf06 iif lo to 192.168.50.0/24 lookup 3846",
      "ip -4 rule add pref 32701 fwmark 0/0xf06 iif lo lookup main suppress_prefixlength 0",
      "ip -4 rule add pref 32702 fwmark 0/0xf06 iif lo lookup 3846",
    ]);
  });

  it("is refused where the machine would drop every answer, with the setting to change", async () => {
    await expect(injected(delay, machines(1))).rejects.toThrow(
      "fix: sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.eth0.rp_filter=2",
    );
  });

  it("reports what packets had, and what the kernel dropped before the relay saw it", async () => {
    const times = { mean: 50.2, median: 50.1, p99: 69.9, max: 71 };
    const report = {
      ...{ seconds: 60, packets: 900, bytes: 90_000, dropped: 2, refused: 1, ignored: 3 },
      ...{ asked: { ...times, mean: 50 }, given: times, cpuSeconds: 0.2, memoryKiB: 9000 },
    };
    const site = scriptedSite(machinesOnly(() => `${JSON.stringify(report)}\n4\n`));
    expect(await kindOf(delay).report?.(site, delay)).toMatchObject({
      delay_raspberrypi_packets: 900,
      delay_raspberrypi_dropped: 6,
      delay_raspberrypi_asked_mean_ms: 50,
      delay_raspberrypi_given_mean_ms: 50.2,
      delay_raspberrypi_given_p99_ms: 69.9,
      delay_raspberrypi_relay_cpu_s: 0.2,
    });
  });
});

const EVERY: readonly Fault[] = [
  { kind: "wireguard-down", machine: "raspberrypi" },
  { kind: "partition", machine: "raspberrypi", peer: "MasterNode", direction: "in" },
  { kind: "loss", machine: "raspberrypi", percent: 2, direction: "both" },
  { kind: "delay", machine: "raspberrypi", milliseconds: 50, jitterMilliseconds: 0 },
  { kind: "rate", machine: "raspberrypi", mbit: 5 },
  { kind: "stall", machine: "raspberrypi", seconds: 3 },
];

describe.each(EVERY)("$kind", (fault) => {
  const kind = kindOf(fault);

  it("says whom it harms, and how", () => {
    expect(kind.describe(fault)).toContain("raspberrypi");
    expect(kind.subject({ ...fault, machine: "WorkerNode" } as Fault)).toBe("workernode");
  });

  it("names all programs that a machine lacks, and their packages", async () => {
    const text = await injected(fault);
    expect(text).toContain("the fault needs programs that are not on this machine");
    expect(text).toMatch(/for each in \w+(-\w+)?:[\w-]+/);
  });

  it("is undone by one script, which asks whether there is anything to undo", async () => {
    const site = machines();
    await kind.recover(site, fault);
    expect(site.asked).toHaveLength(1);
    expect(site.asked[0]?.script).toMatch(
      /^set -euo pipefail\ncommand -v \w+ >\/dev\/null \|\| exit 0/,
    );
  });

  it("is undone by the next run where one that was killed has left it in force", async () => {
    const file = join(relay.path, "..", "in-force.json");
    new InForce(file).add(fault);
    const site = machines();
    await new InForce(file).undo(site, () => undefined);
    expect(site.asked.map(({ machine }) => machine)).toEqual(["raspberrypi"]);
    expect(existsSync(file)).toBe(false);
  });
});

it("numbers out of bounds are all named, before a machine is asked", async () => {
  const site = machines();
  const delay = { kind: "delay", machine: "a", milliseconds: -1, jitterMilliseconds: 7 } as const;
  await expect(injected(delay, site)).rejects.toThrow(
    "delay.milliseconds -1 must be 0 to 10000; delay.jitterMilliseconds 7 must be 0 to -1",
  );
  const others: readonly Fault[] = [
    { kind: "loss", machine: "a", percent: 0, direction: "in" },
    { kind: "loss", machine: "a", percent: NaN, direction: "in" },
    { kind: "rate", machine: "a", mbit: 0 },
    { kind: "stall", machine: "a", seconds: 0 },
  ];
  for (const fault of others) {
    await expect(injected(fault, site)).rejects.toThrow(`${fault.kind}.`);
  }
  expect(site.asked).toEqual([]);
});

it("a table of rules is made anew at once", () => {
  const text = drop({ kind: "loss", device: "eth0", seconds: 1, direction: "in" });
  expect(text).toContain(
    "table netdev fogline_loss\ndelete table netdev fogline_loss\ntable netdev fogline_loss {",
  );
});
