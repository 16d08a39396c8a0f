/** The faults' own scripts, on machines that are network namespaces of this computer: two ends of a line each. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { ownFolder } from "../../../lab/testing/folder.ts";
import { CONDITION } from "../../../testing/patience.ts";
import type { Delay, Fault } from "../../model.ts";
import { scriptedSite } from "../../testing/scripted-site.ts";
import { kindOf } from "../index.ts";

const NEAR = "198.18.0.1";
const FAR = "198.18.0.2";
/** Beyond the far end, so that the way there is the default route's. */
const BEYOND = "198.18.1.1";

/** Starts a service in the background as systemd does, as far as the faults ask for it; timers are never due. */
const SYSTEMD_RUN = `#!/bin/bash
set -euo pipefail
folder=$(dirname "$0")
unit= post= timer=
while [[ $1 == --* ]]; do
  case $1 in
    --unit=*) unit=\${1#--unit=} ;;
    --on-active=*) timer=yes ;;
    --property=ExecStopPost=*) post=\${1#--property=ExecStopPost=} ;;
  esac
  shift
done
if [ -n "$timer" ]; then touch "$folder/$unit.timer"; exit 0; fi
# Its parent waits, as whoever signals it has to know that it is gone.
(
  "$@" &
  echo $! >"$folder/$unit"
  wait $! || true
  bash -c "$post"
  rm "$folder/$unit"
) >"$folder/log" 2>&1 &
until [ -e "$folder/$unit" ] && ip -oneline link show up | grep -q ': fogdelay:'; do
  [ ! -s "$folder/log" ] || { cat "$folder/log" >&2; exit 1; }
done
`;
const SYSTEMCTL = `#!/bin/bash
set -euo pipefail
unit=$(dirname "$0")/\${*: -1}
case $1 in
  is-active) [ -e "$unit" ] ;;
  stop)
    if [[ $unit == *.timer ]]; then rm "$unit"; exit 0; fi
    kill "$(<"$unit")" 2>/dev/null || true
    while [ -e "$unit" ]; do :; done
    ;;
  *) exit 1 ;;
esac
`;

let number = 0;

/** Two ends of a line, the near one with the programs of the machine's systemd. */
class Line {
  readonly near = `fogtest-${process.pid}-${(number += 1)}`;
  readonly far = `${this.near}-far`;
  readonly folder = ownFolder();
  readonly bin = join(this.folder, "bin");
  readonly site = scriptedSite();

  constructor() {
    mkdirSync(this.bin);
    for (const [name, text] of Object.entries({
      "systemd-run": SYSTEMD_RUN,
      systemctl: SYSTEMCTL,
    })) {
      writeFileSync(join(this.bin, name), text);
      chmodSync(join(this.bin, name), 0o755);
    }
    this.site.onMachine = (_machine, script) => this.run(script);
  }

  async make(): Promise<void> {
    const { near, far } = this;
    await execa("bash", ["-euo", "pipefail", "-s"], {
      input: `
        for name in ${near} ${far}; do ip netns add $name; ip -n $name link set lo up; done
        ip -n ${near} link add uplink type veth peer name uplink netns ${far}
        ip -n ${near} address add ${NEAR}/30 dev uplink
        ip -n ${far} address add ${FAR}/30 dev uplink
        ip -n ${far} address add ${BEYOND}/32 dev lo
        for name in ${near} ${far}; do
          # Neighbours of IPv6 would be looked for meanwhile, and change what is compared.
          ip netns exec $name sysctl -qw net.ipv6.conf.all.disable_ipv6=1
          ip -n $name link set uplink up
        done
        ip -n ${near} route add default via ${FAR}`,
    });
  }

  async remove(): Promise<void> {
    for (const name of [this.near, this.far]) {
      await execa("ip", ["netns", "delete", name]);
    }
  }

  /** Runs a script on the near machine, whose disk is this computer's but for the relay's folder. */
  async run(text: string): Promise<string> {
    const script = text.replaceAll("/var/lib/fogline-delay", join(this.folder, "fogline-delay"));
    const env = { PATH: `${this.bin}:${process.env["PATH"] ?? ""}` };
    const words = ["netns", "exec", this.near, "bash", "-s"];
    return (await execa("ip", words, { input: script, env })).stdout;
  }

  /** How many of some pings were answered, and after how many milliseconds. */
  async ping(address: string, count = 1): Promise<readonly number[]> {
    const text = await this.run(`ping -n -c ${count} -i 0.02 -W 1 ${address} || true`);
    return [...text.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
  }

  /** All that a fault could leave. */
  state(): Promise<string> {
    return this.run(
      "ip rule; ip route show table all; ip -brief link; ip -brief address; tc qdisc; nft list tables; " +
        `ls ${this.folder}`,
    );
  }
}

let line: Line;

beforeEach(async () => {
  line = new Line();
  await line.make();
  return () => line.remove();
});

async function inject(fault: Fault): Promise<void> {
  await kindOf(fault).inject(line.site, fault, () => undefined);
}
async function recover(fault: Fault): Promise<void> {
  await kindOf(fault).recover(line.site, fault);
}
async function report(fault: Fault): Promise<Readonly<Record<string, number>>> {
  return (await kindOf(fault).report?.(line.site, fault)) ?? {};
}

describe("loss", () => {
  const all = { kind: "loss", machine: "pi", percent: 100, direction: "both" } as const;

  it.each(["in", "out", "both"] as const)(
    "of all packets, %s, lets none through",
    async (direction) => {
      const before = await line.state();
      await inject({ ...all, direction });
      expect(await line.ping(FAR)).toEqual([]);
      await recover({ ...all, direction });
      expect(await line.ping(FAR)).toHaveLength(1);
      expect(await line.state()).toBe(before);
    },
  );

  it("of a half takes some, and counts them", async () => {
    const half = { ...all, percent: 50, direction: "out" } as const;
    await inject(half);
    const answered = (await line.ping(FAR, 60)).length;
    const { loss_pi_out_seen: seen = 0, loss_pi_out_dropped: dropped = 0 } = await report(half);
    // One in 10^17 runs loses none or all of them.
    expect(answered).toBeGreaterThan(0);
    expect(dropped).toBeGreaterThan(0);
    expect(seen - dropped).toBeGreaterThanOrEqual(answered);
  });

  it("may be brought about and undone twice", async () => {
    await inject(all);
    await inject(all);
    await recover(all);
    await recover(all);
    expect(await line.ping(FAR)).toHaveLength(1);
  });
});

it("a stall ends by itself", async () => {
  await inject({ kind: "stall", machine: "pi", seconds: 2 });
  expect(await line.ping(FAR)).toEqual([]);
  await vi.waitUntil(async () => (await line.ping(FAR)).length > 0, { timeout: CONDITION });
});

it("a partition takes WireGuard's packets to the other end, and no others", async () => {
  const key = `${"h".repeat(43)}=`;
  const cut = { kind: "partition", machine: "pi", peer: "hub", direction: "out" } as const;
  // In place of a tunnel: what wg would say of one.
  line.site.onMachine = (machine, script) =>
    script.includes("wg show interfaces")
      ? Promise.resolve(machine === "hub" ? `own ${key}` : `own x\n${key}\t${FAR}:51820`)
      : line.run(script);
  const before = await line.state();
  await inject(cut);
  await line.run(`for port in 51820 51820 9; do echo >/dev/udp/${FAR}/$port; done`);
  expect(await report(cut)).toEqual({ partition_pi_out_seen: 2, partition_pi_out_dropped: 2 });
  expect(await line.ping(FAR)).toHaveLength(1);
  await recover(cut);
  expect(await line.state()).toBe(before);
});

describe("a rate", () => {
  const rate = { kind: "rate", machine: "pi", mbit: 1 } as const;

  it("is a token bucket on the uplink, and what was there before comes back", async () => {
    const before = await line.state();
    await inject(rate);
    expect(await line.run("tc qdisc show dev uplink root")).toContain("tbf f06: root");
    expect(await line.ping(FAR)).toHaveLength(1);
    await recover(rate);
    expect(await line.state()).toBe(before);
  });

  it("is refused where somebody has chosen a discipline", async () => {
    await line.run("tc qdisc add dev uplink root handle 1: tbf rate 9mbit burst 32kb latency 50ms");
    await expect(inject(rate)).rejects.toThrow("uplink has a queueing discipline of its own");
    await recover(rate);
    expect(await line.run("tc qdisc show dev uplink root")).toContain("tbf 1: root");
  });
});

describe("a delay", () => {
  const delay: Delay = {
    ...{ kind: "delay", machine: "pi" },
    ...{ milliseconds: 50, jitterMilliseconds: 20 },
  };

  it.each([
    ["a neighbour", FAR],
    ["who is beyond a router", BEYOND],
  ])("holds what goes to %s, and never less than asked", async (_who, address) => {
    const before = await line.state();
    await inject(delay);
    const times = await line.ping(address, 20);
    expect(times).toHaveLength(20);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(30);
    const read = await report(delay);
    expect(read).toMatchObject({ delay_pi_packets: 20, delay_pi_dropped: 0, delay_pi_refused: 0 });
    expect(read["delay_pi_given_mean_ms"]).toBeGreaterThanOrEqual(
      read["delay_pi_asked_mean_ms"] ?? 0,
    );
    await recover(delay);
    expect(await line.state()).toBe(before);
  });

  it("of 0 is the way through the relay alone", async () => {
    const none = { ...delay, milliseconds: 0, jitterMilliseconds: 0 };
    await inject(none);
    expect(await line.ping(BEYOND, 5)).toHaveLength(5);
    expect(await report(none)).toMatchObject({ delay_pi_packets: 5, delay_pi_asked_mean_ms: 0 });
    await recover(none);
  });

  it("carries packets as large as the uplink's, and says of larger ones what the uplink says", async () => {
    const large = (size: number): Promise<string> =>
      line.run(`ping -n -c 1 -W 5 -M do -s ${size} ${BEYOND} 2>&1 || true`);
    await inject(delay);
    // 20 bytes of IPv4 and 8 of ICMP stand before these.
    expect(await large(1472)).toContain("1 received");
    expect(await large(1473)).toContain("too long");
    await recover(delay);
  });

  it("ends with its relay: packets take the machine's own routes", async () => {
    const before = await line.run("ip rule; ip route show table all; ip -brief link");
    await inject(delay);
    const service = join(line.bin, "fogline-delay.service");
    await line.run(`kill -KILL "$(<'${service}')"`);
    await vi.waitUntil(() => !existsSync(service), { timeout: CONDITION });
    expect(await line.run("ip -brief link")).not.toContain("fogdelay");
    expect(await line.ping(BEYOND)).toHaveLength(1);
    await expect(report(delay)).rejects.toThrow("the relay has ended before its time");
    await recover(delay);
    expect(await line.run("ip rule; ip route show table all; ip -brief link")).toBe(before);
  });

  it("of another length takes the place of one that is in force", async () => {
    await inject(delay);
    await inject({ ...delay, milliseconds: 200, jitterMilliseconds: 0 });
    expect(Math.min(...(await line.ping(BEYOND, 3)))).toBeGreaterThanOrEqual(200);
    await recover(delay);
    expect(await line.ping(BEYOND)).toHaveLength(1);
  });
});
