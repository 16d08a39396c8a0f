import { afterEach, describe, expect, it } from "vitest";

import { machines, sshLogins } from "./fixtures.ts";
import { lab, objects, timing } from "./lab.ts";
import { changeSettings, restoreSettings } from "./stack-file.ts";

afterEach(restoreSettings);

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

  it("touches the Deployment alone when the number of replicas changes", async () => {
    changeSettings({ website: { autoscale: false, replicas: 4 } });
    await lab("up");
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
