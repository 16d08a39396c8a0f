/**
 * Another version of K3s on a lab that is up, node by node, and back. Two times `up` with a restart of every node's
 * K3s: it belongs to `make test-long`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, expect, it } from "vitest";
import { parse } from "yaml";

import { forwarderUrl } from "../../forwarder.ts";
import { PROJECT, RUN } from "../../layout.ts";
import { lab, timing } from "../../testing/lab.ts";
import { inside } from "../../testing/machines.ts";
import { changeSettings, restoreSettings } from "../../testing/stack-file.ts";
import { start } from "../../testing/host/up.ts";
import { visitedWhile } from "../../testing/visits.ts";

const UNITS = { MasterNode: "k3s", WorkerNode: "k3s-agent", raspberrypi: "k3s-agent" };

const { config } = parse(readFileSync(join(PROJECT, "Pulumi.lab.yaml"), "utf8")) as {
  config: { readonly "fogline:k3s": { readonly version: string } };
};
const { version: VERSION } = config["fogline:k3s"];
const NEXT = VERSION.replace(/\d(?=\+)/, (patch) => String((Number(patch) + 1) % 10));

/** Whether the lab's K3s is a stand-in, which takes another version's name. */
function isStandIn(): boolean {
  const report = JSON.parse(readFileSync(join(RUN, "report.json"), "utf8")) as {
    toolchain: readonly { readonly part: string; readonly source: string }[];
  };
  return report.toolchain.some(({ part, source }) => part === "k3s" && source === "stand-in");
}

async function versions(): Promise<string[]> {
  const path = "jsonpath={.items[*].status.nodeInfo.kubeletVersion}";
  const text = await lab("kubectl", "get", "nodes", "-o", path);
  return [...new Set(text.split(" "))];
}

/** Names of the website's pods, and how often each has started anew. */
async function websitePods(): Promise<string> {
  const columns = "custom-columns=N:.metadata.name,R:.status.containerStatuses[0].restartCount";
  const selector = ["-n", "website", "-l", "app=website", "--sort-by=.metadata.name"];
  return lab("kubectl", "get", "pods", ...selector, "-o", columns);
}

/** When K3s of a machine began to start and ran, microseconds on the clock that all machines of the lab share. */
async function started(machine: keyof typeof UNITS): Promise<{ began: number; ran: number }> {
  const show = `systemctl show --value --property=InactiveExitTimestampMonotonic --property=ActiveEnterTimestampMonotonic ${UNITS[machine]}`;
  const [one = 0, other = 0] = (await inside(machine, show)).trim().split("\n").map(Number);
  return { began: Math.min(one, other), ran: Math.max(one, other) };
}

async function upgrade(): Promise<void> {
  const { exitCode, said } = await start("up").ended;
  expect(exitCode, said).toBe(0);
}

afterAll(restoreSettings);

it("a cluster comes to another version of K3s node by node, its pods stay, and no visit fails", async (context) => {
  if (!isStandIn()) {
    context.skip("an official K3s has the one version that was brought");
  }
  const before = await websitePods();
  changeSettings({ "k3s.version": NEXT });
  const since = Date.now();
  const { outcomes } = await visitedWhile([forwarderUrl() ?? ""], upgrade);
  timing("until the cluster had another version of K3s", since);
  expect(Object.keys(outcomes)).toEqual(["200"]);
  expect(await versions()).toEqual([NEXT]);
  expect(await lab("kubectl", "version")).toContain(`Server Version: ${NEXT}`);
  expect(await websitePods()).toBe(before);
  const [server, worker, pi] = await Promise.all([
    started("MasterNode"),
    started("WorkerNode"),
    started("raspberrypi"),
  ]);
  expect(worker.began).toBeGreaterThan(server.ran);
  expect(pi.began).toBeGreaterThan(worker.ran);
});

it("and goes back to the patch version before", async (context) => {
  if (!isStandIn()) {
    context.skip("an official K3s has the one version that was brought");
  }
  restoreSettings();
  await upgrade();
  expect(await versions()).toEqual([VERSION]);
});
