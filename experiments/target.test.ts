import { describe, expect, it } from "vitest";

import { openTarget, PORT } from "./target.ts";
import { scriptedSite, type ScriptedSite } from "./testing/scripted-site.ts";

const MACHINE = "raspberrypi";

/** A pod as the API has it. */
function pod(nodeName: string, podIP: string, ready = "True"): object {
  return {
    spec: { nodeName, containers: [{ ports: [{ name: "http", containerPort: 8080 }] }] },
    status: { podIP, conditions: [{ type: "Ready", status: ready }] },
  };
}

/** A site with pods, and what visitors say who ask a port of the machine. */
function siteWith(items: readonly object[], said = "open"): ScriptedSite {
  const answers: readonly (readonly [begin: string, answer: string])[] = [
    ["kubectl get pods", JSON.stringify({ items })],
    ["visit bash", said],
  ];
  return scriptedSite((did) => answers.find(([begin]) => did.startsWith(begin))?.[1], {
    addressOf: () => Promise.resolve("192.168.50.10"),
  });
}

const ON_BOTH = [pod("workernode", "10.42.1.5"), pod(MACHINE, "10.42.2.7")];

describe("a target", () => {
  it("is the site's own addresses where a variant names none", async () => {
    const site = scriptedSite();
    await using target = await openTarget(site, undefined);
    expect(target.urls).toEqual(site.urls);
    expect(site.did).toEqual([]);
  });

  it("is the ingress of a machine at the address that visitors reach it by", async () => {
    const site = siteWith([]);
    await using target = await openTarget(site, { kind: "ingress", machine: MACHINE });
    expect(target.urls).toEqual(["http://192.168.50.10/"]);
    expect(site.did).toEqual([]);
  });

  it("is the pod on a machine, to which a port leads until the target is closed", async () => {
    const site = siteWith(ON_BOTH);
    {
      await using target = await openTarget(site, { kind: "pod", machine: MACHINE });
      expect(target.urls).toEqual([`http://192.168.50.10:${PORT}/`]);
      const [, policy, rules, asks] = site.did;
      expect(policy).toMatch(/^kubectl apply --filename=/);
      expect(rules).toContain(`ip daddr 192.168.50.10 tcp dport ${PORT} dnat to 10.42.2.7:8080`);
      expect(asks).toMatch(new RegExp(`bash 192.168.50.10 ${PORT}$`));
    }
    const [removal, policy] = site.did.slice(-2);
    expect(removal).toContain("delete table ip experiment-direct");
    expect(policy).toBe(
      "kubectl delete networkpolicy experiment-direct --namespace=website --ignore-not-found",
    );
  });

  it.each([
    ["no pod there", [pod("workernode", "10.42.1.5")]],
    ["a pod there that is not Ready", [pod(MACHINE, "10.42.2.7", "False")]],
  ])("is refused with %s, and nothing is changed", async (_, items) => {
    const site = siteWith(items);
    await expect(openTarget(site, { kind: "pod", machine: MACHINE })).rejects.toThrow(
      "raspberrypi has no pod of the website that is Ready",
    );
    expect(site.did).toHaveLength(1);
  });

  it("that nobody answers at is closed again, and said", async () => {
    const site = siteWith(ON_BOTH, "");
    await expect(openTarget(site, { kind: "pod", machine: MACHINE })).rejects.toThrow(
      `raspberrypi: nobody answers at 192.168.50.10:${PORT}`,
    );
    expect(site.did.at(-1)).toMatch(/^kubectl delete networkpolicy/);
  });
});
