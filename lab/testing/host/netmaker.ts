/** What the stories over Netmaker ask of a lab: visits all the while, moves of the overlay, lost databases. */
import { expect } from "vitest";

import { CONDITION } from "../../../testing/patience.ts";
import { forwarderUrl } from "../../forwarder.ts";
import { ask, GIVES_UP, lab, timing, until } from "../lab.ts";
import { inside } from "../machines.ts";
import { changeSettings } from "../stack-file.ts";
import { start } from "./up.ts";

/** Seconds that the server is away under load; the long run takes 600. */
export const OUTAGE = Number(process.env["NETMAKER_OUTAGE"] ?? "30");
/** Visits a second meanwhile. */
const RATE = 20;
/** Seconds that one node may need for its own move, and visits that may fail meanwhile. */
const ONE_NODE = 20;
const NODES = ["masternode", "workernode", "raspberrypi"];

/** A visit of the website. */
export interface Visit {
  /** Seconds since the first one. */
  readonly at: number;
  /** What it got instead of the page. */
  readonly failure?: string;
}

/** Visits at the rate until something has ended. */
export async function visitsWhile(work: Promise<unknown>): Promise<Visit[]> {
  const site = forwarderUrl() ?? "";
  const visits: Promise<Visit>[] = [];
  const over = new AbortController();
  const ended = work.finally(() => {
    over.abort();
  });
  const started = Date.now();
  while (!over.signal.aborted) {
    const due = started + (visits.length * 1000) / RATE;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now())));
    const at = (Date.now() - started) / 1000;
    visits.push(
      ask(site).then(
        ({ status }) => (status === 200 ? { at } : { at, failure: `status ${status}` }),
        (error: unknown) => ({ at, failure: String(error) }),
      ),
    );
  }
  await ended;
  return Promise.all(visits);
}

/** The visits that failed. */
export function failuresOf(visits: readonly Visit[]): Visit[] {
  return visits.filter(({ failure }) => failure !== undefined);
}

/** Every node of the cluster is Ready; on a busy computer one's report comes late now and then. */
export async function expectReady(): Promise<void> {
  await until("every node to be Ready", () =>
    lab("kubectl", "wait", "--for=condition=Ready", GIVES_UP, "node", ...NODES),
  );
}

/** Changes the overlay's kind under visits: every node stays, few visits fail. */
export async function move(
  where: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const uids = (): Promise<string> =>
    lab("kubectl", "get", "nodes", "-o", "jsonpath={.items[*].metadata.uid}");
  const before = await uids();
  changeSettings(settings);
  const since = Date.now();
  const { ended } = start("up");
  const visits = await visitsWhile(ended);
  const { exitCode, said } = await ended;
  expect(exitCode, said).toBe(0);
  timing(`move to ${where}`, since);
  const failures = failuresOf(visits);
  const each = failures.map(({ at, failure }) => `\n  ${at.toFixed(2)} s: ${failure ?? ""}`);
  console.log(`visits: ${visits.length}, failed: ${failures.length}${each.join("")}`);
  // As a rule none: a request that meets a node on the move is tried on another one.
  expect(failures.length).toBeLessThanOrEqual(ONE_NODE);
  expect(await uids()).toBe(before);
  await expectReady();
}

/** What the server's host answers, asked with the trust that the master has in it. */
export async function get(path: string): Promise<string> {
  return inside(
    "MasterNode",
    `curl -sS "https://$(sed -n 's/^SERVER_NAME=//p' /etc/fogline-netmaker/server.env)${path}"`,
  );
}

/**
 * Loses the server's database by a command, restores it from a backup, and once more over what is there:
 * the network is the same, and a broken backup changes nothing.
 */
export async function expectRestored(loss: string, before: string): Promise<void> {
  await inside("MasterNode", "systemctl start fogline-netmaker-backup.service");
  const key = "wg show netmaker public-key";
  const known = await inside("MasterNode", key);
  const restored = await inside(
    "MasterNode",
    `set -e
     systemctl stop fogline-netmaker
     ${loss}
     fogline-netmaker-restore
     echo again: $(fogline-netmaker-restore)
     newest=$(ls /var/lib/fogline-netmaker/backups/* | tail -n 1)
     head -c 3000 $newest >/root/broken
     ! fogline-netmaker-restore /root/broken 2>&1
     rm /root/broken
     systemctl is-active fogline-netmaker`,
  );
  expect(restored).toMatch(/^restored \S+$/m);
  expect(restored).toMatch(/^again: restored \S+; what was there before is /m);
  expect(restored).toContain(before);
  expect(restored).toMatch(/\/root\/broken is no whole backup: [^]*nothing was changed\nactive$/);
  const said = await until("the host to be healthy", async () => {
    const text = await lab("network");
    return / Connected +Healthy$/m.test(text) ? text : undefined;
  });
  expect(said).toContain("Hosts 1  Clients 2  Egress 1");
  expect(await inside("MasterNode", key)).toBe(known);
  await inside("raspberrypi", `ping -c 1 -w ${CONDITION / 1000} 10.101.0.1`);
}

/** The website is served by cloud and edge. */
export async function expectBothTiers(): Promise<void> {
  const site = forwarderUrl() ?? "";
  const served = new Set<string>();
  await until("both tiers to serve", async () => {
    const { headers } = await ask(site);
    served.add(String(headers["x-served-on"]));
    return served.has("raspberrypi") && served.has("workernode") ? true : undefined;
  });
}

/** Kills the server, stops what it stands on for a while, and counts the visits that fail: none. */
export async function expectNoVisitFailsWithoutServer(): Promise<void> {
  await inside(
    "MasterNode",
    `systemctl kill --signal=KILL fogline-netmaker.service
     systemctl stop fogline-netmaker{,-broker,-proxy}.service`,
  );
  const visits = await visitsWhile(new Promise((resolve) => setTimeout(resolve, OUTAGE * 1000)));
  await inside(
    "MasterNode",
    "systemctl start fogline-netmaker-broker fogline-netmaker fogline-netmaker-proxy",
  );
  expect(failuresOf(visits)).toEqual([]);
  // All the while, though a busy computer may not keep the rate.
  expect(visits.length).toBeGreaterThan(OUTAGE);
  console.log(`visits while the server was away: ${visits.length}`);
  await expectReady();
}
