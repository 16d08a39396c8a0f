/** What a drill has to know of a cluster before it harms it, read out of kubectl's JSON. */
import { z } from "zod";

import type { Site } from "../site.ts";
import { CONTROL_PLANE } from "../steady.ts";

const NODES = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
      }),
      spec: z.object({ unschedulable: z.boolean().default(false) }),
    }),
  ),
});

const PODS = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
      spec: z.object({ nodeName: z.string().default("") }),
    }),
  ),
});

export interface Node {
  readonly name: string;
  /** Whether it has the control plane, and with it the hub of the overlay. */
  readonly isServer: boolean;
  /** Whether it was told to take no more pods. */
  readonly isDrained: boolean;
}

export interface Facts {
  /** By name. */
  readonly nodes: readonly Node[];
  /** The node of each pod of the website; empty for one that has none yet. */
  readonly website: readonly string[];
  /** The database's node; undefined where the cluster has none. */
  readonly database: string | undefined;
}

/** @throws Error when the cluster does not answer */
export async function readFacts(site: Pick<Site, "kubectl">): Promise<Facts> {
  const list = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse(await site.kubectl("get", ...args, "--output=json", "--request-timeout=10s"));
  const [nodes, pods] = await Promise.all([list("nodes"), list("pods", "--namespace=website")]);
  const placed = PODS.parse(pods).items.map(({ metadata, spec }) => ({
    app: metadata.labels["app"],
    node: spec.nodeName,
  }));
  return {
    nodes: NODES.parse(nodes)
      .items.map(({ metadata, spec }) => ({
        name: metadata.name,
        isServer: CONTROL_PLANE in metadata.labels,
        isDrained: spec.unschedulable,
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
    website: placed.filter(({ app }) => app === "website").map(({ node }) => node),
    database: placed.find(({ app }) => app === "database")?.node,
  };
}
