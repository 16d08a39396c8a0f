/** In which order nodes start K3s anew. */
import { expect, it } from "vitest";

import { program } from "../stacks/program.ts";
import { declareFog, type DeclaredFog } from "./fog.ts";

const workers = ["WorkerNode", "OtherNode", "ThirdNode"].map((name) => ({ name }));
const steps = workers.map(({ name }) => `${name.toLowerCase()}-k3s`);
/** The record that an `up` writes when its cluster is whole; it has what earlier releases recorded. */
const RECORD = {
  "urn:pulumi:test::fogline::pulumi:index:Stash::fogline-record": { input: {} },
};

/** Whose turn each step waits for, among the steps of K3s. */
function turns(fog: DeclaredFog): string[][] {
  const all = ["masternode-k3s", ...steps];
  return steps.map((step) =>
    all.filter((other) => fog.one(step).dependencies.includes(fog.one(other).urn)),
  );
}

it("agents of a new cluster join at the same time, after the server", async () => {
  const fog = await declareFog({
    cloud: { arch: "amd64", lab: true, sshFrom: ["198.51.100.2/32"], workers },
  });
  expect(turns(fog)).toEqual([["masternode-k3s"], ["masternode-k3s"], ["masternode-k3s"]]);
});

it("agents of a cluster that runs have their turn one after the other, and the server first", async () => {
  const cloud = { arch: "amd64", lab: true, sshFrom: ["198.51.100.2/32"], workers };
  const fog = await declareFog({ cloud }, program, [], RECORD);
  expect(turns(fog)).toEqual([
    ["masternode-k3s"],
    ["masternode-k3s", steps[0]],
    ["masternode-k3s", steps[1]],
  ]);
  const fresh = await declareFog({ cloud });
  // Nothing is replaced by the second `up`.
  expect(fog.registered.map(({ urn }) => urn).sort()).toEqual(
    fresh.registered.map(({ urn }) => urn).sort(),
  );
});
