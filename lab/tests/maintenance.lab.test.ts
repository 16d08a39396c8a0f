/** What is done to nodes while visitors come: none of them is turned away. */
import { afterAll, describe, expect, it } from "vitest";

import { inside } from "../testing/machines.ts";
import {
  kubectl,
  kubectlWaits,
  lab,
  outputs,
  timing,
  until,
  websitePods,
  websiteSpread,
} from "../testing/lab.ts";
import { visitedWhile } from "../testing/visits.ts";

const PI = "raspberrypi";
const GATE = "fogline-k3s-gate";

it("visitors wait while the ingress controllers are started anew, and none is turned away", async () => {
  const since = Date.now();
  const { outcomes, longest } = await visitedWhile(outputs().websiteUrls, async () => {
    await kubectl("-n", "ingress", "rollout", "restart", "daemonset", "traefik");
    await kubectlWaits("-n", "ingress", "rollout", "status", "daemonset", "traefik");
  });
  timing("until all ingress controllers were started anew", since);
  console.log(`timing: the longest visit meanwhile: ${(longest / 1000).toFixed(1)} s`);
  expect(Object.keys(outcomes)).toEqual(["200"]);
  // A controller is ready as soon as it answers; visitors wait until it has heard of its routes, too.
  await until("the Pi's gate to be open again", async () => {
    const seconds = Math.floor(since / 1000);
    const journal = await inside(PI, `journalctl -o cat -u ${GATE} --since=@${seconds}`);
    const rules = await inside(PI, "iptables --table mangle --list-rules FOGLINE-GATE");
    return journal.includes("the ingress controller is back") && !rules.includes("DROP")
      ? true
      : undefined;
  });
});

describe("a drained node", () => {
  afterAll(async () => {
    await lab("undrain", `--node=${PI}`);
    await websiteSpread();
  });

  it("has no pod of the website, and no visit failed on the way", async () => {
    await websiteSpread();
    const since = Date.now();
    const { outcomes } = await visitedWhile(outputs().websiteUrls, () =>
      lab("drain", "--node=RaspberryPi", "--leave"),
    );
    timing("until the Pi was drained", since);
    expect(Object.keys(outcomes)).toEqual(["200"]);
    const left = (await websitePods()).filter(({ spec }) => spec.nodeName === PI);
    expect(left).toEqual([]);
    const where = ["-l", "app=traefik", `--field-selector=spec.nodeName=${PI}`];
    expect(await kubectl("get", "pods", "-n", "ingress", "-o", "name", ...where)).not.toBe("");
  });

  it("is drained once more without a change", async () => {
    // Of the pods, which are more or fewer as the autoscaler decides.
    const template = ["get", "deployment", "website-dep", "-n", "website"];
    const made = (): Promise<string> => kubectl(...template, "-o", "jsonpath={.spec.template}");
    const before = await made();
    await lab("drain", `--node=${PI}`, "--leave");
    expect(await made()).toBe(before);
  });
});

it.each([
  ["the only control plane", "masternode", "the cluster's only control plane"],
  ["a node that is not there", "attic-9", "the cluster has no such node"],
])("%s is not drained", async (_, node, words) => {
  await expect(lab("drain", `--node=${node}`, "--leave")).rejects.toThrow(words);
});
