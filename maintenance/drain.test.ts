import { describe, expect, it } from "vitest";

import { drain, undrain, type DrainOptions } from "./drain.ts";
import { carryOut } from "./options.ts";
import { FakeCluster } from "./testing/cluster.ts";

const NEW_FIRST = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
const WEBSITE = [
  { name: "website-1", node: "raspberrypi", owner: ["ReplicaSet", "website-dep"] },
  { name: "website-2", node: "workernode", owner: ["ReplicaSet", "website-dep"] },
] as const;
const TRAEFIK = {
  name: "traefik-1",
  node: "raspberrypi",
  owner: ["DaemonSet", "traefik"],
} as const;
const DATABASE = {
  name: "database-0",
  node: "raspberrypi",
  owner: ["StatefulSet", "database"],
  claim: "votes",
} as const;
const BATCH = { name: "batch-0", node: "raspberrypi", owner: ["StatefulSet", "batch"] } as const;

function drained(cluster: FakeCluster, options: Partial<DrainOptions> = {}): Promise<void> {
  return drain(cluster.access, {
    node: "RaspberryPi",
    minutes: 1,
    stops: () => Promise.resolve(false),
    ...options,
  });
}

describe("draining a node", () => {
  it("has Deployments make new pods first, and leaves those of DaemonSets", async () => {
    const cluster = new FakeCluster({
      pods: [...WEBSITE, TRAEFIK],
      deployments: { "website-dep": NEW_FIRST },
    });
    await drained(cluster);
    expect(cluster.done).toEqual([
      "cordon raspberrypi",
      "rollout restart deployment/website-dep --namespace=website",
    ]);
    expect(cluster.on("raspberrypi")).toEqual(["traefik-1"]);
    expect(cluster.said).toContain("1 stay there and go on: website/traefik-1");
  });

  it("evicts the others, as often as their disruption budget refuses, and waits until they are gone", async () => {
    const cluster = new FakeCluster({
      pods: [BATCH, { ...WEBSITE[0] }],
      deployments: { "website-dep": { type: "Recreate" } },
      refusals: 3,
    });
    await drained(cluster);
    expect(cluster.done.filter((each) => each === "evict batch-0").length).toBeGreaterThan(1);
    expect(cluster.on("raspberrypi")).toEqual([]);
    const waits = cluster.said.filter((line) => line.includes("batch-0: waits"));
    expect(waits).toHaveLength(1);
  });

  it("does nothing twice where it goes on", async () => {
    const cluster = new FakeCluster({
      pods: [...WEBSITE],
      deployments: { "website-dep": NEW_FIRST },
    });
    await drained(cluster);
    cluster.done.length = 0;
    await drained(cluster);
    expect(cluster.done).toEqual(["cordon raspberrypi"]);
  });

  it("waits for a rollout that is under way", async () => {
    const cluster = new FakeCluster({
      pods: [{ ...WEBSITE[0], old: true }, WEBSITE[1]],
      deployments: { "website-dep": NEW_FIRST },
    });
    await expect(drained(cluster, { minutes: 0 })).rejects.toThrow("not rolled out yet");
    expect(cluster.done).toEqual(["cordon raspberrypi"]);
    expect(cluster.said).toContain("website/website-dep: a rollout is under way");
  });
});

describe("pods that would be missing", () => {
  const pods = [DATABASE, { name: "lonely", node: "raspberrypi" }];

  it("are named with the reason before anything is done, and left unless they shall end", async () => {
    const cluster = new FakeCluster({ pods, localClaims: ["votes"] });
    const asked: string[] = [];
    await drained(cluster, {
      stops: (harmed) => {
        asked.push(...harmed.map(({ pod }) => pod.metadata.name), ...cluster.done);
        return Promise.resolve(false);
      },
    });
    expect(asked).toEqual(["database-0", "lonely"]);
    expect(cluster.said.slice(0, 2)).toEqual([
      "website/database-0: its data (the volume of website/votes) lies on this node's disk: it can run nowhere else",
      "website/lonely: no controller makes another one: it would be gone for good",
    ]);
    expect(cluster.on("raspberrypi")).toEqual(["database-0", "lonely"]);
    expect(cluster.said).toContain(
      "2 were left there, and end with the machine: website/database-0, website/lonely",
    );
  });

  it("end where they shall", async () => {
    const cluster = new FakeCluster({ pods, localClaims: ["votes"] });
    await drained(cluster, { stops: () => Promise.resolve(true) });
    expect(cluster.on("raspberrypi")).toEqual([]);
  });

  it("are left where nobody can be asked, and say how to end them", async () => {
    const cluster = new FakeCluster({ pods: [DATABASE], localClaims: ["votes"] });
    const given = { node: "raspberrypi", stop: false, leave: true, minutes: "1" };
    await carryOut("drain", given, cluster.access);
    expect(cluster.on("raspberrypi")).toEqual(["database-0"]);
  });
});

describe("a drain is refused", () => {
  it.each([
    ["of a node that is not there", "attic", undefined, "NODE=attic: the cluster has no such node"],
    ["without a name", "", undefined, "NODE=masternode or NODE=raspberrypi or NODE=workernode"],
    [
      "of the only control plane",
      "MasterNode",
      undefined,
      "masternode is the cluster's only control plane",
    ],
    [
      "where no other worker takes pods",
      "raspberrypi",
      ["masternode", "raspberrypi"],
      "no other worker is Ready",
    ],
  ])("%s, and nothing is changed", async (_, node, nodes, words) => {
    const cluster = new FakeCluster({ pods: [], ...(nodes === undefined ? {} : { nodes }) });
    const given = { node, stop: false, leave: false, minutes: "1" };
    await expect(carryOut("drain", given, cluster.access)).rejects.toThrow(words);
    expect(cluster.done).toEqual([]);
  });

  it("for options that are wrong, all at once", async () => {
    const given = { node: "raspberrypi", stop: true, leave: true, minutes: "soon" };
    const { access } = new FakeCluster({ pods: [] });
    await expect(carryOut("drain", given, access)).rejects.toThrow(
      /--minutes=soon: must be a whole number[^]*--stop and --leave contradict each other/,
    );
  });
});

it("a drain that does not end in time says what it waits for, in the scheduler's words, and how to go on", async () => {
  const cluster = new FakeCluster({
    pods: [...WEBSITE],
    deployments: { "website-dep": NEW_FIRST },
    full: true,
  });
  await expect(drained(cluster, { minutes: 0.001 })).rejects.toThrow(
    /website\/website-dep \(0\/3 nodes are available\)\. fix: run it again .* make undrain NODE=raspberrypi/,
  );
});

it("an undrained node takes pods again", async () => {
  const cluster = new FakeCluster({ pods: [] });
  await drained(cluster);
  await undrain(cluster.access, { node: "raspberrypi" });
  expect(cluster.done).toEqual(["cordon raspberrypi", "uncordon raspberrypi"]);
});
