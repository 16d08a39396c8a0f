import { join } from "node:path";

import { execa } from "execa";
import { expect, it } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");

/** Runs a line of a program of its own, and prints which of the two are loaded at its end. */
async function loaded(line: string): Promise<unknown> {
  const program = `
    import "@fogline/pulumi-kit/deferred";
    import { createRequire } from "node:module";
    const require = createRequire(${JSON.stringify(join(PROJECT, "index.ts"))});
    const pulumi = require("@pulumi/pulumi");
    ${line}
    const files = Object.keys(require.cache);
    const has = (name) => files.some((file) => file.includes("/node_modules/" + name + "/"));
    console.log(JSON.stringify({ typescript: has("typescript"), arborist: has("@npmcli/arborist") }));`;
  const { stdout } = await execa(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", program],
    { cwd: PROJECT },
  );
  return JSON.parse(stdout);
}

it("Pulumi's SDK loads without TypeScript and npm's dependency tree", async () => {
  expect(await loaded("")).toEqual({ typescript: false, arborist: false });
});

it("what serializes a function loads the compiler, which works", async () => {
  const line = `
    const { text } = await pulumi.runtime.serializeFunction(() => 6 * 7);
    if (!text.includes("6 * 7")) throw new Error(text);`;
  expect(await loaded(line)).toMatchObject({ typescript: true });
});
