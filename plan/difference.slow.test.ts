/** Prepared changes of a stack: what each does, and what of it is dangerous. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { writePath } from "./changes.ts";
import { dangersOf } from "./dangers.ts";
import { AFTER_APPLY, differenceBetween, type Difference } from "./difference.ts";
import { firewallOf } from "./firewall.ts";
import { json } from "./json.ts";
import { markdown } from "./markdown.ts";
import { PRICES } from "../policy/cost.ts";
import { isRefused, reportOf } from "./report.ts";
import { createPlanKeys, runProgram } from "./run.ts";
import type { Outcome, Snapshot } from "./snapshot.ts";

const CHECKOUT = join(import.meta.dirname, "..");
const shared = createPlanKeys();
let base: Snapshot;

beforeAll(async () => {
  base = await planned({});
});

afterAll(() => {
  shared[Symbol.dispose]();
});

type Section = Readonly<Record<string, unknown>>;

/** The fixture's program, with some settings of some sections set otherwise. */
async function planned(changed: Readonly<Record<string, Section>>): Promise<Snapshot> {
  const file = join(import.meta.dirname, "testing/Pulumi.fixture.yaml");
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, Section> };
  const settings = Object.fromEntries(
    Object.entries(config).map(([key, section]) => {
      const name = key.slice("fogline:".length);
      return [name, Array.isArray(section) ? section : { ...section, ...changed[name] }];
    }),
  );
  const outcome = await runProgram(CHECKOUT, "fixture", settings, shared);
  if (outcome.kind !== "planned") {
    throw new Error(JSON.stringify(outcome));
  }
  return outcome.snapshot;
}

/** A difference in short: names, and `name path` of each changed field. */
function short(difference: Difference): Record<string, string[]> {
  const fields = (list: Difference["changed"]): string[] =>
    list.flatMap(({ after, changes }) =>
      changes.map(({ path }) => `${after.name} ${writePath(path)}`),
    );
  return {
    created: difference.created.map(({ name }) => name),
    changed: fields(difference.changed),
    replaced: fields(difference.replaced),
    destroyed: difference.destroyed.map(({ name }) => name),
  };
}

function dangers(head: Snapshot): string[] {
  const difference = differenceBetween(base, head);
  return dangersOf(difference, firewallOf(base), firewallOf(head)).map(({ text }) => text);
}

function outcome(snapshot: Snapshot): Outcome {
  return { kind: "planned", snapshot };
}

const NOTHING = { created: [], changed: [], replaced: [], destroyed: [] };

describe("a changed stack", () => {
  it("changes nothing when nothing is changed", async () => {
    const again = await planned({});
    expect(short(differenceBetween(base, again))).toEqual(NOTHING);
    expect(dangers(again)).toEqual([]);
  });

  it("of another number of pods changes that number alone", async () => {
    const head = await planned({ website: { maxReplicas: 12 } });
    expect(short(differenceBetween(base, head))).toEqual({
      ...NOTHING,
      changed: ["website-autoscaler spec.maxReplicas"],
    });
    expect(dangers(head)).toEqual([]);
  });

  it("without the autoscaler has it rest and takes the number of pods over", async () => {
    const head = await planned({ website: { autoscale: false, replicas: 2 } });
    const difference = short(differenceBetween(base, head));
    expect(difference).toEqual({
      ...NOTHING,
      changed: [
        "website-deployment metadata.annotations",
        "website-deployment spec.replicas",
        "website-autoscaler spec.behavior.scaleDown.selectPolicy",
        "website-autoscaler spec.behavior.scaleUp",
        "website-autoscaler spec.maxReplicas",
        "website-autoscaler spec.minReplicas",
      ],
    });
    expect(dangers(head)).toEqual([]);
  });

  it("of a release that read host keys by run commands loses those, and keeps every machine and step", () => {
    const [now, then] = ["VirtualMachineExtension", "VirtualMachineRunCommandByVirtualMachine"];
    const before = JSON.parse(JSON.stringify(base).replaceAll(now, then)) as Snapshot;
    const difference = differenceBetween(before, base);
    const names = ["MasterNode-host-key", "WorkerNode-host-key"];
    expect(short(difference)).toEqual({ ...NOTHING, created: names, destroyed: names });
    expect(dangersOf(difference, firewallOf(before), firewallOf(base))).toEqual([]);
  });

  it("that runs the server's script again keeps what the cluster holds, as the cluster has a name", async () => {
    const head = await planned({ k3s: { version: "v1.36.4+k3s1" } });
    const { replaced, changed } = short(differenceBetween(base, head));
    expect(changed).toContain("masternode-k3s stdin");
    expect(replaced).toEqual([]);

    const unnamed = (snapshot: Snapshot): Snapshot => ({
      ...snapshot,
      resources: snapshot.resources.map((resource) => ({
        ...resource,
        inputs: Object.fromEntries(
          Object.entries(resource.inputs).filter(([key]) => key !== "clusterIdentifier"),
        ),
      })),
    });
    for (const after of [head, unnamed(head)]) {
      const difference = differenceBetween(unnamed(base), after);
      const names = difference.replaced.map(({ after: { name } }) => name);
      expect(names).toContain("cluster");
      expect(names).toContain("website-namespace");
      expect(names.some((name) => name.startsWith("masternode"))).toBe(false);
    }
    // Its name alone is no other cluster.
    expect(differenceBetween(unnamed(base), base).replaced).toEqual([]);
  });

  it("of another server makes another cluster, with every object in it", async () => {
    const head = await planned({ cloud: { image: "Debian:debian-13:13-arm64:0.20260101.1" } });
    const names = differenceBetween(base, head).replaced.map(({ after: { name } }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["MasterNode-machine", "k3s-token", "cluster", "website-namespace"]),
    );
  });

  it("of another size resizes the machine, which restarts", async () => {
    const head = await planned({
      cloud: { workers: [{ name: "WorkerNode", size: "Standard_B4pls_v2" }] },
    });
    const difference = differenceBetween(base, head);
    expect(short(difference)).toEqual({
      ...NOTHING,
      changed: ["WorkerNode-machine hardwareProfile.vmSize"],
    });
    expect(difference.changed[0]?.changes[0]).toMatchObject({
      before: "Standard_B2pls_v2",
      after: "Standard_B4pls_v2",
    });
    expect(dangers(head)).toEqual([
      "resizes VirtualMachine WorkerNode: Azure restarts it, its pods are away for some minutes",
    ]);
  });

  it("of a size of another family says that the machine may have to be deallocated", async () => {
    const head = await planned({
      cloud: { workers: [{ name: "WorkerNode", size: "Standard_D2ps_v5" }] },
    });
    expect(dangers(head)).toEqual([
      expect.stringMatching(/^resizes VirtualMachine WorkerNode: .*az vm deallocate, and run up/),
    ]);
  });

  it("with a new worker creates what is the worker's and tells the hub; without it all that goes", async () => {
    const head = await planned({
      cloud: { workers: [{ name: "WorkerNode" }, { name: "Second" }] },
    });
    const { created, changed, ...rest } = short(differenceBetween(base, head));
    created?.sort();
    expect(created).toEqual([
      "Second",
      "Second-address",
      "Second-card",
      "Second-host-key",
      "Second-machine",
      "second-drain",
      "second-k3s",
      "second-key",
      "second-node",
      "second-overlay",
    ]);
    expect(changed).toEqual([
      "ingress-check stdin",
      "masternode-overlay stdin",
      "fogline-record input.workers",
    ]);
    expect(rest).toEqual({ replaced: [], destroyed: [] });
    expect(dangers(head)).toEqual([]);

    const back = differenceBetween(head, base);
    expect(back.destroyed.map(({ name }) => name).sort()).toEqual(created);
    expect(dangersOf(back, [], []).map(({ text }) => text)).toEqual([
      "destroys VirtualMachine Second: its disk is deleted with all that lies on it; if that is the " +
        "database, its claim stays bound to a node that is gone (docs/plan.md)",
      "destroys PublicIPAddress Second-address: the public address is released and cannot be reserved again",
    ]);
  });

  it("with a wider firewall says which ports of which machines, and by how much", async () => {
    const head = await planned({ cloud: { sshFrom: ["203.0.113.0/24"] } });
    expect(short(differenceBetween(base, head)).changed).toEqual([
      "fogline-agent-rules securityRules[ssh].sourceAddressPrefixes",
      "fogline-server-rules securityRules[ssh].sourceAddressPrefixes",
    ]);
    expect(dangers(head)).toEqual(
      ["WorkerNode", "MasterNode"].map(
        (machine) =>
          `widens 22/tcp of ${machine} to 203.0.113.0/24 (256 addresses); ` +
          "was 203.0.113.7/32 (1 address)",
      ),
    );
  });

  it("of another administrator needs new machines, and says what follows from that", async () => {
    const head = await planned({ cloud: { adminUser: "operator" } });
    const difference = differenceBetween(base, head);
    const inCloud = difference.replaced.filter(({ after }) => after.type.startsWith("azure-"));
    expect(inCloud.map(({ after }) => after.name).sort()).toEqual([
      "MasterNode-host-key",
      "MasterNode-machine",
      "WorkerNode-host-key",
      "WorkerNode-machine",
    ]);
    // The cluster goes with its server.
    expect(difference.replaced.map(({ after }) => after.name)).toContain("cluster");
    const machine = difference.replaced.find(({ after }) => after.name === "WorkerNode-machine");
    expect(machine?.reasons[0]).toEqual({
      path: ["osProfile", "adminUsername"],
      why: expect.stringContaining("Azure does not change this") as string,
    });
    const follower = difference.replaced.find(({ after }) => after.name === "WorkerNode-host-key");
    expect(follower?.changes).toContainEqual({
      path: ["vmName"],
      before: "WorkerNode",
      after: AFTER_APPLY,
    });
    expect(dangers(head).filter((text) => text.startsWith("replaces VirtualMachine"))).toHaveLength(
      2,
    );
  });

  it("that is protected keeps what holds data or an address", async () => {
    const head = await planned({ cloud: { protect: true } });
    const kept = head.resources.filter(({ protect }) => protect).map(({ name }) => name);
    for (const machine of ["MasterNode", "WorkerNode"]) {
      expect(kept).toEqual(
        expect.arrayContaining([`${machine}-machine`, `${machine}-address`, "fogline-group"]),
      );
    }
    expect(kept).toEqual(
      expect.arrayContaining(["website-namespace", "database-server", "database-password"]),
    );
    expect(base.resources.filter(({ protect }) => protect)).toEqual([]);
  });

  it("in another region replaces everything of Azure's and all that lies on it", async () => {
    const head = await planned({ cloud: { location: "westeurope" } });
    const { replaced } = differenceBetween(base, head);
    const kept = base.resources
      .filter(({ type }) => type.startsWith("azure-native:"))
      .filter(({ urn }) => !replaced.some(({ after }) => after.urn === urn));
    expect(kept.map(({ name }) => name)).toEqual([]);
    expect(dangers(head).join("\n")).toContain("replaces ResourceGroup fogline-group (location)");
  });

  it("shows that a secret changes and never which", async () => {
    const head = await planned({ k3s: { podRange: "10.44.0.0/16" } });
    const difference = differenceBetween(base, head);
    const server = difference.changed.find(({ after }) => after.name === "masternode-k3s");
    expect(server?.changes.map(({ path }) => writePath(path))).toEqual(["stdin"]);
    const against = { ref: "main", commit: "0", notes: [], outcome: outcome(base) };
    const report = reportOf("fixture", outcome(head), against, PRICES);
    expect(report.dangers[0]).toMatchObject({ level: "stop", refused: true });
    expect(report.dangers[0]?.text).toMatch(/k3s\.podRange changes.*`pulumi up` refuses it/);
    expect(isRefused(report)).toBe(true);
    expect(report.view?.cost?.budget).toBe(200);
    expect(report.placeholders.map(({ path }) => path)).toContain("fogline:cloud.sshFrom[0]");
    expect(markdown(report)).toContain("still to be filled in: `pulumi up` refuses the stack");
    for (const text of [json(report), markdown(report)]) {
      expect(text).toContain("[secret]");
      expect(text).not.toMatch(/\[secret:|-result|PRIVATE KEY|server:secret/);
    }
  });
});
