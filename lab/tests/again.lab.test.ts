import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";

import { machines, sshLogins } from "./fixtures.ts";
import { PROJECT } from "../layout.ts";
import { lab, objects, timing } from "./lab.ts";

const file = join(PROJECT, "Pulumi.lab.yaml");
const kept = readFileSync(file, "utf8");

afterEach(() => {
  writeFileSync(file, kept);
});

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
    const document = parseDocument(kept);
    const website = { autoscale: false, replicas: 4 };
    document.setIn(["config", "fogline:website"], document.createNode(website));
    writeFileSync(file, document.toString());
    await lab("up");
    const before = await generations();
    document.setIn(["config", "fogline:website", "replicas"], 5);
    writeFileSync(file, document.toString());
    await lab("up");
    const after = await generations();
    const changed = [...after].filter(([name, at]) => before.get(name) !== at);
    expect(changed.map(([name]) => name)).toEqual(["Deployment website-dep"]);
    writeFileSync(file, kept);
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
