/** Behaviours of official plugins, tried on the stand-ins: a stand-in is no kinder than its original. */
import { join } from "node:path";

import { beforeAll, describe, it } from "vitest";

import { bundlePlugin } from "../bundle.ts";
import { startPlugin } from "./plugin.ts";
import { PLUGIN_BEHAVIOURS } from "./table.ts";

const tables = Object.entries(PLUGIN_BEHAVIOURS).filter(([, behaviours]) => behaviours.length > 0);

describe.each(tables)("the stand-in of %s", (part, behaviours) => {
  let executable: string;
  beforeAll(async () => {
    const folder = await bundlePlugin(`lab/stand-ins/${part}`, part);
    executable = join(folder, `pulumi-resource-${part}`);
  });

  it.each(behaviours)("behaves as the official part: $title", async ({ check }) => {
    await using plugin = await startPlugin(executable);
    await check(plugin);
  });
});
