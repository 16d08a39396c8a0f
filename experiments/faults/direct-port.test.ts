import { describe, expect, it } from "vitest";

import { scriptedSite, type ScriptedSite } from "../testing/scripted-site.ts";
import { directPort, PORT } from "./direct-port.ts";

const FAULT = { kind: "direct-port", machine: "raspberrypi" } as const;
const MACHINE = FAULT.machine;

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

describe("a port that leads to a machine's pod", () => {
  it("is passed on by its kernel, and closed again", async () => {
    const site = siteWith(ON_BOTH);
    await directPort.prepare?.(site, FAULT);
    const [, policy, rules, asks] = site.did;
    expect(policy).toMatch(/^kubectl apply --filename=/);
    expect(rules).toContain(`ip daddr 192.168.50.10 tcp dport ${PORT} dnat to 10.42.2.7:8080`);
    expect(asks).toMatch(new RegExp(`bash 192.168.50.10 ${PORT}$`));
    await directPort.clear?.(site, FAULT);
    const [removal, gone] = site.did.slice(-2);
    expect(removal).toContain("delete table ip experiment-direct");
    expect(gone).toBe(
      "kubectl delete networkpolicy experiment-direct --namespace=website --ignore-not-found",
    );
  });

  it.each([
    ["no pod there", [pod("workernode", "10.42.1.5")]],
    ["a pod there that is not Ready", [pod(MACHINE, "10.42.2.7", "False")]],
  ])("is refused with %s, and nothing is changed", async (_, items) => {
    const site = siteWith(items);
    await expect(directPort.prepare?.(site, FAULT)).rejects.toThrow(
      "raspberrypi has no pod of the website that is Ready",
    );
    expect(site.did).toHaveLength(1);
  });

  it("that nobody answers at is said", async () => {
    const site = siteWith(ON_BOTH, "");
    await expect(directPort.prepare?.(site, FAULT)).rejects.toThrow(
      `raspberrypi: nobody answers at 192.168.50.10:${PORT}`,
    );
  });
});
