import { describe, expect, it } from "vitest";

import { scriptedSite, type Answer } from "../testing/scripted-site.ts";
import { powerByHand, type ReadLine } from "./power.ts";

const CLOUD = [{ name: "WorkerNode", resourceGroup: "CloudStep" }];

/** A person who reads what is said, and never presses Enter unless a test says so. */
const never: ReadLine = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });

function power(answer: Answer, readLine: ReadLine | undefined = never) {
  const said: string[] = [];
  const ending = new AbortController();
  const site = scriptedSite(answer);
  const hands = { say: (text: string) => said.push(text), readLine, signal: ending.signal };
  return { ...powerByHand(site, CLOUD, hands), said, site, ending };
}

describe("the power of a machine", () => {
  it("is taken by a person, and the node tells when", async () => {
    const states = ["True", "Unknown"];
    const { powerOff, said, site } = power(() => states.shift());
    await powerOff("raspberrypi");
    expect(said).toEqual(["TAKE THE POWER of raspberrypi now", "raspberrypi is off"]);
    expect(site.did).toHaveLength(2);
  });

  it("is taken when the person says so, where the cluster cannot tell", async () => {
    const { powerOff, said } = power(
      () => new Error("no route"),
      () => Promise.resolve(""),
    );
    await powerOff("masternode");
    expect(said.at(-1)).toBe("masternode is off");
  });

  it("is Azure's in the cloud, which bills it on and keeps its place", async () => {
    const { powerOff, said } = power((did) => (did.startsWith("kubectl") ? "False" : ""));
    await powerOff("WorkerNode");
    expect(said[0]).toBe(
      "TAKE THE POWER of WorkerNode now: az vm stop --resource-group CloudStep --name WorkerNode --skip-shutdown",
    );
    const back = power((did) => (did.startsWith("kubectl") ? "True" : ""));
    await back.powerOn("WorkerNode");
    expect(back.said[0]).toBe(
      "GIVE WorkerNode ITS POWER BACK: az vm start --resource-group CloudStep --name WorkerNode",
    );
  });

  it("is back when the machine answers and its node is Ready, in this order", async () => {
    const machine = [new Error("cannot be reached"), ""];
    const { powerOn, site, said } = power((did, asked) =>
      asked === undefined ? "True" : machine.shift(),
    );
    await powerOn("raspberrypi");
    expect(site.did.map((did) => did.split(" ")[0])).toEqual([
      ...["raspberrypi:", "raspberrypi:", "kubectl"],
    ]);
    expect(said.at(-1)).toBe("raspberrypi is back");
  });

  it("is not waited for any more when the drill is ended", async () => {
    const { powerOff, ending } = power(() => "True");
    const off = powerOff("raspberrypi");
    ending.abort();
    await expect(off).rejects.toThrow(expect.objectContaining({ name: "AbortError" }) as Error);
  });
});

it("nobody has to be at a terminal to give power back", async () => {
  const { powerOn } = power((did, asked) => (asked === undefined ? "True" : ""), undefined);
  await powerOn("raspberrypi");
});
