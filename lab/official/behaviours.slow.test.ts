/** Behaviours of official plugins, tried on the stand-ins: a stand-in is no kinder than its original. */
import { join } from "node:path";

import { beforeAll, describe, it } from "vitest";

import { bundlePlugin } from "../bundle.ts";
import { ensureNetmaker } from "../toolchain/toolchain.ts";
import { NETMAKER } from "./netmaker.ts";
import { startPlugin } from "./plugin.ts";
import { PLUGIN_BEHAVIOURS } from "./table.ts";

describe.each(Object.entries(PLUGIN_BEHAVIOURS))("the stand-in of %s", (part, behaviours) => {
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

describe("the stand-in of Netmaker's server", () => {
  it.each(NETMAKER)("behaves as the official part: $title", async ({ check }) => {
    await check((await ensureNetmaker(() => undefined)).server.path);
  });
});
