/** A stack at rest: what each cell begins and ends with. */
import { setTimeout as pause } from "node:timers/promises";

import type { Site } from "./site.ts";

/** Longest wait, seconds: a machine boots, its node joins, pods come back and are spread anew. */
const LIMIT = 600;

/** Label of the nodes that have the control plane, and no pod of the website. */
export const CONTROL_PLANE = "node-role.kubernetes.io/control-plane";

interface Item {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly name: string;
  };
  readonly spec: { readonly nodeName?: string; readonly unschedulable?: boolean };
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
  const missing = await waitForRest(site, say, { seconds: LIMIT, signal });
  if (missing.length > 0) {
    throw new Error(`the stack does not come to rest: after ${LIMIT} s ${missing[0] ?? ""}`);
  }
}

/**
 * Waits until a stack is at rest, or the time is over.
 *
 * @returns what is missing then, each for a person; nothing where it is at rest
 */
export async function waitForRest(
  site: Site,
  say: (text: string) => void,
  { seconds, signal }: { readonly seconds: number; readonly signal?: AbortSignal | undefined },
): Promise<readonly string[]> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const missing = await missingOf(site);
    if (missing.length === 0 || performance.now() > end) {
      return missing;
    }
    say(missing[0] ?? "");
    await pause(500, undefined, signal === undefined ? {} : { signal });
  }
}

async function missingOf(site: Site): Promise<readonly string[]> {
  let nodes: readonly Item[];
  let pods: readonly Item[];
  try {
    [nodes, pods] = await Promise.all([
      items(site, "nodes"),
      items(site, "pods", "--namespace=website", "--selector=app=website"),
    ]);
  } catch (error) {
    // The machine with the API may be the one that is not back yet.
    return [
      `the cluster does not answer: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`,
    ];
  }
  const absent = [
    ...nodes
      .filter((node) => !isReady(node))
      .map(({ metadata }) => `the node ${metadata.name} is not Ready`),
    ...pods
      .filter((pod) => !isReady(pod) || pod.metadata.deletionTimestamp !== undefined)
      .map(({ metadata }) => `the pod ${metadata.name} is not Ready`),
  ];
  return absent.length > 0 ? absent : unevenness(site, nodes, pods);
}

/** Where a site evens pods out, as it can only where both tiers have a node that takes some. */
function unevenness(
  { evensOut = true }: Site,
  nodes: readonly Item[],
  pods: readonly Item[],
): readonly string[] {
  const tierOf = ({ metadata }: Item): string => metadata.labels?.["tier"] ?? "";
  const tiers = new Set(nodes.filter(takesPods).map(tierOf));
  if (!evensOut || !tiers.has("edge") || !tiers.has("cloud")) {
    return [];
  }
  const edge = new Set(
    nodes.filter((node) => tierOf(node) === "edge").map(({ metadata }) => metadata.name),
  );
  const onEdge = pods.filter(({ spec }) => edge.has(spec.nodeName ?? "")).length;
  return Math.abs(pods.length - 2 * onEdge) > 1
    ? [`${onEdge} of ${pods.length} pods of the website are on the edge`]
    : [];
}

function takesPods({ metadata, spec }: Item): boolean {
  return spec.unschedulable !== true && metadata.labels?.[CONTROL_PLANE] === undefined;
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
