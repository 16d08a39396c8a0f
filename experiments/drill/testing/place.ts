/** A stack of three machines, as far as a drill looks at it. */
import { scriptedSite, type Answer, type ScriptedSite } from "../../testing/scripted-site.ts";
import type { Site } from "../../site.ts";
import type { Facts } from "../facts.ts";
import type { Place } from "../place.ts";

/** What is otherwise with a cluster than a test needs it. */
export interface Otherwise {
  /** Nodes of the website's pods; default: two on each worker. */
  readonly website?: readonly string[];
  /** Node of the database; default: the worker of the cloud. */
  readonly database?: string | undefined;
  readonly drained?: string;
  readonly notReady?: string;
}

const READY = (is: boolean): object => ({
  conditions: [{ type: "Ready", status: is ? "True" : "Unknown" }],
});

/** What kubectl lists. */
export function clusterOf({ drained, notReady, ...others }: Otherwise = {}): Answer {
  const { website = ["raspberrypi", "raspberrypi", "workernode", "workernode"] } = others;
  const database = "database" in others ? others.database : "workernode";
  const nodes = [
    {
      name: "masternode",
      labels: { "node-role.kubernetes.io/control-plane": "true", tier: "cloud" },
    },
    { name: "workernode", labels: { tier: "cloud" } },
    { name: "raspberrypi", labels: { tier: "edge" } },
  ].map((metadata) => ({
    metadata,
    spec: metadata.name === drained ? { unschedulable: true } : {},
    status: READY(metadata.name !== notReady),
  }));
  const pod = (name: string, app: string, nodeName: string): object => ({
    metadata: { name, labels: { app } },
    spec: { nodeName },
    status: READY(true),
  });
  const pods = website.map((node, n) => pod(`website-${n}`, "website", node));
  const more = database === undefined ? [] : [pod("database-0", "database", database)];
  return (did) => {
    if (did.startsWith("kubectl get nodes")) {
      return JSON.stringify({ items: nodes });
    }
    if (did.startsWith("kubectl get pods --namespace=website --selector=app=website")) {
      return JSON.stringify({ items: pods });
    }
    return did.startsWith("kubectl get pods --namespace=website")
      ? JSON.stringify({ items: [...pods, ...more] })
      : undefined;
  };
}

/** What is known of such a cluster. */
export function factsOf({ website, database }: Partial<Facts> = {}): Facts {
  return {
    nodes: [
      { name: "masternode", isServer: true, isDrained: false },
      { name: "raspberrypi", isServer: false, isDrained: false },
      { name: "workernode", isServer: false, isDrained: false },
    ],
    website: website ?? ["raspberrypi", "raspberrypi", "workernode", "workernode"],
    database: database ?? "workernode",
  };
}

/** The stack dev, with a cluster that answers as it is told to. */
export function placeOf(
  answer: Answer = clusterOf(),
  {
    site: others = {},
    ...more
  }: Partial<Omit<Place, "site">> & { readonly site?: Partial<Site> } = {},
): Place & { readonly site: ScriptedSite } {
  const urls = ["http://192.0.2.18/"];
  return {
    site: { ...scriptedSite(answer, { name: "dev", urls, ...others }) },
    isLab: false,
    isProtected: false,
    machines: ["MasterNode", "WorkerNode"],
    addresses: new Map([
      ["masternode", "192.0.2.17"],
      ["workernode", "192.0.2.18"],
    ]),
    inForce: "nowhere",
    tryOn: () => Promise.resolve(),
    ...more,
  };
}
