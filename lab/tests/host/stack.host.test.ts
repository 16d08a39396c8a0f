/** The stack for Azure, its settings as they are, on the lab's fabric: up, in use, and gone again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { forwarderUrl } from "../../forwarder.ts";
import { PROJECT } from "../../layout.ts";
import { ask, lab, outputs, timing, until } from "../../testing/lab.ts";
import { start, urns } from "../../testing/host/up.ts";

const STACK = "dev";

interface StackFile {
  readonly config: {
    readonly "fogline:cloud": { readonly workers: readonly { name: string; size: string }[] };
    readonly "fogline:edge": readonly { readonly name: string }[];
  };
}

const { config } = parse(readFileSync(join(PROJECT, `Pulumi.${STACK}.yaml`), "utf8")) as StackFile;

beforeAll(() => {
  process.env["STACK"] = STACK;
});

afterAll(() => {
  delete process.env["STACK"];
});

describe(`the stack ${STACK} on the lab`, () => {
  it("comes up whole from nothing", async () => {
    await lab("down");
    const since = Date.now();
    const { exitCode, said } = await start("up").ended;
    expect(exitCode, said).toBe(0);
    timing(`up of the stack ${STACK}`, since);
  });

  it("has the machines that its file orders", async () => {
    const { workers } = config["fogline:cloud"];
    expect(outputs().inventory).toEqual(
      expect.arrayContaining(
        workers.map(({ name, size }) => expect.objectContaining({ name, size }) as unknown),
      ),
    );
    const nodes = [...workers, ...config["fogline:edge"]].map(({ name }) => name.toLowerCase());
    for (const node of nodes) {
      expect(await lab("kubectl", "get", "node", node)).toMatch(/ Ready /);
    }
  });

  it("serves the poll from cloud and edge", async () => {
    const site = forwarderUrl() ?? "";
    const served = new Set<string>();
    await until("both tiers to serve", async () => {
      const { headers } = await ask(site);
      served.add(String(headers["x-served-on"]));
      return served.has("raspberrypi") && served.has("workernode") ? true : undefined;
    });
  });

  it("goes down by its own program, which leaves nothing in the cloud", async () => {
    const resources = urns().length;
    expect(resources).toBeGreaterThan(50);
    const since = Date.now();
    const { exitCode, said } = await start("down", "--destroy").ended;
    expect(exitCode, said).toBe(0);
    timing(`destroy of the stack ${STACK}`, since);
    expect(said).toMatch(/resources: \d+ deleted/);
  });
});
