/** A stack at rest: what each cell begins and ends with. */
import { setTimeout as pause } from "node:timers/promises";

import type { Site } from "./site.ts";

/** Longest wait, seconds: a machine boots, its node joins, pods come back and are spread anew. */
const LIMIT = 600;

interface Item {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly name: string;
  };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/**
 * Waits until every node is Ready and the website's pods are Ready, as many as there are to be and as many on
 * the edge as in the cloud.
 *
 * @param say told what is waited for
 * @param signal ends the wait; default: nothing does
 * @throws Error that says what is missing, after ten minutes
 */
export async function untilSteady(
  site: Site,
  say: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const end = performance.now() + LIMIT * 1000;
  for (;;) {
    const missing = await missingOf(site);
    if (missing === undefined) {
      return;
    }
    say(missing);
    if (performance.now() > end) {
      throw new Error(`the stack does not come to rest: after ${LIMIT} s ${missing}`);
    }
    await pause(500, undefined, signal === undefined ? {} : { signal });
  }
}

async function missingOf(site: Site): Promise<string | undefined> {
  let nodes: readonly Item[];
  let pods: readonly Item[];
  try {
    [nodes, pods] = await Promise.all([
      items(site, "nodes"),
      items(site, "pods", "--namespace=website", "--selector=app=website"),
    ]);
  } catch (error) {
    // The machine with the API may be the one that is not back yet.
    return `the cluster does not answer: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`;
  }
  const absent = nodes.find((node) => !isReady(node));
  if (absent !== undefined) {
    return `the node ${absent.metadata.name} is not Ready`;
  }
  const waiting = pods.find((pod) => !isReady(pod) || pod.metadata.deletionTimestamp !== undefined);
  if (waiting !== undefined) {
    return `the pod ${waiting.metadata.name} is not Ready`;
  }
  const edge = new Set(
    nodes
      .filter(({ metadata }) => metadata.labels?.["tier"] === "edge")
      .map(({ metadata }) => metadata.name),
  );
  const onEdge = pods.filter(({ spec }) => edge.has(spec.nodeName ?? "")).length;
  return Math.abs(pods.length - 2 * onEdge) > 1
    ? `${onEdge} of ${pods.length} pods of the website are on the edge`
    : undefined;
}

function isReady({ status }: Item): boolean {
  return (
    status.conditions?.some((each) => each.type === "Ready" && each.status === "True") === true
  );
}

async function items(site: Site, kind: string, ...args: readonly string[]): Promise<Item[]> {
  const list = await site.kubectl("get", kind, ...args, "--output=json", "--request-timeout=10s");
  return (JSON.parse(list) as { items: Item[] }).items;
}
