import { execaSync } from "execa";
import { describe, expect, it } from "vitest";

import { following, machinesOnly, scriptedSite } from "../testing/scripted-site.ts";
import { alarms, Evictions, Nodes } from "./alarms.ts";
import { cost, costOf, readCounters } from "./cost.ts";
import { reach } from "./reach.ts";

describe("evictions", () => {
  it("are pods that were marked for deletion, not those that were spared or killed otherwise", () => {
    const evictions = new Evictions();
    evictions.take("1 TaintManagerEviction 1 Marking for deletion Pod website/a");
    evictions.take("2 TaintManagerEviction 1 Cancelling deletion of Pod website/b");
    evictions.take("3 Killing 1 Stopping container website");
    evictions.take("4 Evicted  The node was low on resource: memory.");
    expect(evictions.count).toBe(2);
  });

  it("that were there before do not count, unless they have come again", () => {
    const evictions = new Evictions();
    evictions.before("1 Evicted 2 low on memory");
    evictions.take("1 Evicted 2 low on memory");
    expect(evictions.count).toBe(0);
    evictions.take("1 Evicted 5 low on memory");
    evictions.take("1 Evicted 5 low on memory");
    expect(evictions.count).toBe(3);
  });
});

it("a node counts as given up each time that it is Ready no more", () => {
  const nodes = new Nodes();
  for (const line of [
    "a True",
    "b Unknown",
    "a True",
    "a Unknown",
    "a Unknown",
    "a True",
    "a False",
  ]) {
    nodes.take(line);
  }
  expect(nodes.lost).toBe(2);
});

it("alarms are read from what is watched, and from what a watch has missed", async () => {
  const lists = ["1 Evicted 1 before\n", "1 Evicted 1 before\n2 Evicted 1 missed\n"];
  const site = scriptedSite(undefined, {
    kubectl: () => Promise.resolve(lists.shift() ?? ""),
    watch: (...args) =>
      args.includes("events")
        ? following("3 TaintManagerEviction 1 Marking for deletion Pod a/b")
        : following("pi True", "pi Unknown"),
  });
  const end = await alarms.begin(site, () => 0);
  expect(await end()).toEqual({ evictions: 2, not_ready: 1 });
});

it("a node that was taken for silent is an alarm where nothing explains it", async () => {
  const journal = [
    "1005.500000 pi fogline-k3s-reach[7]: the node of 10.42.0.0/24 is silent: its pods get …",
    "1063.200000 pi fogline-k3s-reach[7]: the node of 10.42.0.0/24 is silent: its pods get …",
  ];
  const site = scriptedSite(
    machinesOnly((machine, script) => {
      if (script.startsWith("date")) {
        return "1000.000000000\n";
      }
      expect(script).toContain("--since=@1000.000000000");
      return machine === "raspberrypi" ? `${journal.join("\n")}\n` : "";
    }),
  );
  const probe = reach(["raspberrypi", "WorkerNode"], (at) => at >= 60 && at <= 66);
  const end = await probe.begin(site, () => 0.25);
  expect(await end()).toEqual({
    raspberrypi_silences: 2,
    raspberrypi_alarms: 1,
    workernode_silences: 0,
    workernode_alarms: 0,
    reach_alarms: 1,
  });
});

describe("cost", () => {
  const process = (pid: number, name: string, ticks: number, started = 5): string =>
    `process ${pid} (${name}) S 1 ${"0 ".repeat(9)}${ticks} 0 0 0 20 0 1 0 ${started} 9999 256 0`;
  const text = (cpu: number, processes: readonly string[], sent: number): string =>
    [
      `cpu ${cpu * 1e9}`,
      ...["ticks 100", "page 4096", "uplink host0", ...processes],
      `interface lo 5 0 0 0 0 0 0 0 5 0 0 0 0 0 0 0`,
      `interface host0 ${sent / 2} 9 0 0 0 0 0 0 ${sent} 9 0 0 0 0 0 0`,
      "",
    ].join("\n");

  it("is what each part has used between two readings, per second", () => {
    const before = readCounters(
      text(100, [process(7, "k3s-server", 1000), process(8, "containerd-shim", 50)], 1000),
    );
    const after = readCounters(
      text(
        112,
        [
          process(7, "k3s-server", 1500),
          // Given again to another process, which has used all of it since.
          process(8, "containerd-shim", 100, 77),
          process(9, "a (b) c", 3),
          process(10, "wireguard-go", 200),
        ],
        126_000,
      ),
    );
    expect(costOf(before, after, 10)).toMatchObject({
      cpu_cores: 1.2,
      k3s_cpu_cores: 0.5,
      k3s_memory_mib: 1,
      containerd_cpu_cores: 0.1,
      overlay_cpu_cores: 0.2,
      ingress_cpu_cores: 0,
      sent_kbit_s: 100,
      received_kbit_s: 50,
    });
    expect(costOf(before, after, 10)["rest_cpu_cores"]).toBeCloseTo(0.4);
  });

  it("is read on a computer as it is", async () => {
    // This test's own kernel: what the script prints must be what is read.
    let now = 0;
    const site = scriptedSite(
      machinesOnly((_machine, input) => {
        now += 10;
        return execaSync("bash", ["-s"], { input }).stdout;
      }),
    );
    const end = await cost(["here"]).begin(site, () => now);
    const numbers = await end();
    expect(Object.values(numbers).filter((value) => Number.isNaN(value))).toEqual([]);
    expect(numbers["here_cpu_cores"]).toBeGreaterThan(0);
    expect(numbers["here_website_memory_mib"]).toBeGreaterThan(0);
  });
});
