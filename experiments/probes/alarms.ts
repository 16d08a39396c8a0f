/** What the cluster takes for a dead node: nodes that it gives up, and pods that it evicts. */
import type { Probe, Readings } from "../model.ts";
import { Watch } from "../observe.ts";
import type { Site } from "../site.ts";

/** Fields of an event of the cluster, separated by spaces; the last one has words. */
const FIELDS = "{.metadata.uid} {.reason} {.count} {.message}";
const LISTED = `{range .items[*]}${FIELDS}{"\\n"}{end}`;
const WATCHED = `${FIELDS.replaceAll("{.", "{.object.")}{"\\n"}`;
const NODE = `{.object.metadata.name} {.object.status.conditions[?(@.type=="Ready")].status}{"\\n"}`;

/** How often each of the cluster's events has come that tells of an eviction. */
export class Evictions {
  readonly #before = new Map<string, number>();
  readonly #after = new Map<string, number>();

  /** Takes an event as it was before the cell. */
  before(line: string): void {
    this.#take(this.#before, line);
  }

  /** Takes an event of the cell, or one that has come again. */
  take(line: string): void {
    this.#take(this.#after, line);
  }

  get count(): number {
    return [...this.#after]
      .map(([uid, count]) => count - (this.#before.get(uid) ?? 0))
      .reduce((sum, count) => sum + count, 0);
  }

  #take(into: Map<string, number>, line: string): void {
    const [uid = "", reason = "", count = "", ...message] = line.split(" ");
    if (isEviction(reason, message.join(" "))) {
      into.set(uid, Math.max(into.get(uid) ?? 0, Number(count === "" ? "1" : count)));
    }
  }
}

/**
 * The taint manager tells what it deletes and, under the same reason, what it spares after all
 * (pkg/controller/tainteviction/taint_eviction.go); kubelet tells what it ends for want of memory or disk.
 */
function isEviction(reason: string, message: string): boolean {
  return (
    reason === "Evicted" ||
    (reason === "TaintManagerEviction" && message.startsWith("Marking for deletion"))
  );
}

/** How often a node was given up. */
export class Nodes {
  readonly #ready = new Map<string, boolean>();
  #lost = 0;

  /** Takes a line of the watch of nodes: name and status of its condition Ready. */
  take(line: string): void {
    const [name = "", status] = line.split(" ");
    const isReady = status === "True";
    if (this.#ready.get(name) === true && !isReady) {
      this.#lost += 1;
    }
    this.#ready.set(name, isReady);
  }

  get lost(): number {
    return this.#lost;
  }
}

/** Reads `evictions`, pods of any namespace, and `not_ready`, times that a node was given up. */
export const alarms: Probe = {
  begin: async (site, now) => {
    const evictions = new Evictions();
    const nodes = new Nodes();
    for (const line of await listed(site)) {
      evictions.before(line);
    }
    const args = ["events", "--all-namespaces"];
    // What was there before is known; the cluster forgets events after an hour, so they are taken as they come.
    const events = new Watch(site, now, [...args, "--watch-only"], WATCHED, (_at, line) => {
      evictions.take(line);
    });
    const ready = new Watch(site, now, ["nodes", "--watch"], NODE, (_at, line) => {
      nodes.take(line);
    });
    await ready.begun;
    return async (): Promise<Readings> => {
      await events[Symbol.asyncDispose]();
      await ready[Symbol.asyncDispose]();
      // What came while a watch was begun anew.
      for (const line of await listed(site)) {
        evictions.take(line);
      }
      return { evictions: evictions.count, not_ready: nodes.lost };
    };
  },
};

async function listed(site: Site): Promise<readonly string[]> {
  const text = await site.kubectl(
    "get",
    "events",
    "--all-namespaces",
    `--output=jsonpath=${LISTED}`,
  );
  return text.split("\n").filter((line) => line !== "");
}
