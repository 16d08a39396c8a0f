import { describe, expect, it } from "vitest";

import { untilSteady, waitForRest } from "./steady.ts";
import type { Site } from "./site.ts";
import { scriptedSite, type Answer } from "./testing/scripted-site.ts";

interface Listed {
  /** Nodes with their tiers; the server is none of them. */
  readonly tiers?: Readonly<Record<string, string>>;
  readonly pods: readonly string[];
  readonly drained?: string;
  readonly notReady?: readonly string[];
}

const TIERS = { workernode: "cloud", raspberrypi: "edge" };
const quiet = (): void => undefined;

function listed({ tiers = TIERS, pods, drained, notReady = [] }: Listed): Answer {
  const status = (name: string): object => ({
    conditions: [{ type: "Ready", status: notReady.includes(name) ? "False" : "True" }],
  });
  const server = { "node-role.kubernetes.io/control-plane": "true", tier: "cloud" };
  const nodes = [
    { metadata: { name: "masternode", labels: server }, spec: {}, status: status("masternode") },
    ...Object.entries(tiers).map(([name, tier]) => ({
      metadata: { name, labels: { tier } },
      spec: name === drained ? { unschedulable: true } : {},
      status: status(name),
    })),
  ];
  const items = pods.map((nodeName, n) => ({
    ...{ metadata: { name: `website-${n}` }, spec: { nodeName }, status: status(`website-${n}`) },
  }));
  return (did) => JSON.stringify({ items: did.includes("get nodes") ? nodes : items });
}

/** What is missing right now. */
function missing(cluster: Listed, others: Partial<Site> = {}): Promise<readonly string[]> {
  return waitForRest(scriptedSite(listed(cluster), others), quiet, { seconds: 0 });
}

const EVEN = ["raspberrypi", "raspberrypi", "workernode", "workernode"];
const UNEVEN = ["workernode", "workernode", "workernode", "workernode"];

describe("a stack", () => {
  it("is at rest when all is Ready and even", async () => {
    expect(await missing({ pods: EVEN })).toEqual([]);
    await untilSteady(scriptedSite(listed({ pods: EVEN })), quiet);
  });

  it("tells all that is not Ready at once", async () => {
    expect(
      await missing({ pods: EVEN, notReady: ["raspberrypi", "website-1", "website-3"] }),
    ).toEqual([
      ...["the node raspberrypi is not Ready", "the pod website-1 is not Ready"],
      "the pod website-3 is not Ready",
    ]);
  });

  it("is uneven where both tiers take pods and one has too many", async () => {
    expect(await missing({ pods: UNEVEN })).toEqual(["0 of 4 pods of the website are on the edge"]);
  });

  it("is not uneven where a tier has nobody to take pods", async () => {
    expect(await missing({ pods: UNEVEN, tiers: { workernode: "cloud" } })).toEqual([]);
    expect(await missing({ pods: UNEVEN, drained: "raspberrypi" })).toEqual([]);
    const edge = ["raspberrypi", "raspberrypi"];
    expect(await missing({ pods: edge, tiers: { raspberrypi: "edge" } })).toEqual([]);
  });

  it("is not uneven where nothing moves pods back", async () => {
    expect(await missing({ pods: UNEVEN }, { evensOut: false })).toEqual([]);
  });

  it("that does not answer says so", async () => {
    const site = scriptedSite(() => new Error("connection refused\nby the API"));
    expect(await waitForRest(site, quiet, { seconds: 0 })).toEqual([
      "the cluster does not answer: connection refused",
    ]);
  });

  it("is waited for", async () => {
    let looks = 0;
    const said: string[] = [];
    const site = scriptedSite((did) => {
      looks += did.includes("get nodes") ? 1 : 0;
      return listed({ pods: looks > 1 ? EVEN : UNEVEN })(did);
    });
    expect(await waitForRest(site, (text) => said.push(text), { seconds: 60 })).toEqual([]);
    expect(said).toEqual(["0 of 4 pods of the website are on the edge"]);
  });
});
