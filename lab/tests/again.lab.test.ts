import { afterEach, describe, expect, it } from "vitest";

import { machines, sshLogins } from "../testing/machines.ts";
import { kubectl, lab, objects, timing, until } from "../testing/lab.ts";
import { changeSettings, restoreSettings } from "../testing/stack-file.ts";

afterEach(restoreSettings);

interface Scaler {
  readonly status: { readonly currentReplicas?: number; readonly desiredReplicas: number };
}

interface Scaled {
  readonly spec: { readonly replicas: number };
}

async function logins(): Promise<number> {
  const each = await Promise.all(machines().map((machine) => sshLogins(machine)));
  return each.reduce((sum, count) => sum + count, 0);
}

describe("a second make up", () => {
  it("changes nothing and opens no SSH connection", async () => {
    const before = await logins();
    const started = Date.now();
    const said = await lab("up");
    timing("second up", started);
    expect(said).toMatch(/^resources: \d+ unchanged$/m);
    expect(await logins()).toBe(before);
  });

  it("has the count of pods obeyed, below the autoscaler's least too, once that is turned off", async () => {
    // As under load: from now on the count is not the program's for the API server.
    await kubectl("scale", "deployment/website-dep", "--namespace=website", "--replicas=5");
    changeSettings({ website: { autoscale: false, replicas: 2 } });
    await lab("up");
    const started = Date.now();
    const { status } = await until("the autoscaler has seen two pods", async () => {
      const [found] = await objects<Scaler>("hpa", "-n", "website");
      return found?.status.currentReplicas === 2 ? found : undefined;
    });
    timing("the resting autoscaler's next look", started);
    expect(status.desiredReplicas).toBe(2);
    const [deployment] = await objects<Scaled>("deployment", "-n", "website");
    expect(deployment?.spec.replicas).toBe(2);
  });

  it("touches the Deployment alone when the number of replicas changes", async () => {
    // The test before has left two, without the autoscaler.
    const before = await generations();
    changeSettings({ website: { autoscale: false, replicas: 5 } });
    await lab("up");
    const after = await generations();
    const changed = [...after].filter(([name, at]) => before.get(name) !== at);
    expect(changed.map(([name]) => name)).toEqual(["Deployment website-dep"]);
    restoreSettings();
    await lab("up");
  });
});

/** How often each object's specification was written. */
async function generations(): Promise<Map<string, string>> {
  const found = await objects<{
    kind: string;
    metadata: { name: string; generation?: number; resourceVersion: string };
  }>("deployments,statefulsets,daemonsets,services,ingresses,configmaps,secrets", "-A");
  return new Map(
    found.map(({ kind, metadata }) => [
      `${kind} ${metadata.name}`,
      String(metadata.generation ?? metadata.resourceVersion),
    ]),
  );
}
