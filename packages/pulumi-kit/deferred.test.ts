import { join } from "node:path";

import { execa } from "execa";
import { expect, it } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");

/** A program of its own, as other tests load both; says which are loaded before and after it needs one. */
const PROGRAM = `
  import "@fogline/pulumi-kit/deferred";
  import { createRequire } from "node:module";
  const require = createRequire(${JSON.stringify(join(PROJECT, "index.ts"))});
  const pulumi = require("@pulumi/pulumi");
  const loaded = () => {
    const files = Object.keys(require.cache);
    const has = (name) => files.some((file) => file.includes("/node_modules/" + name + "/"));
    return { typescript: has("typescript"), arborist: has("@npmcli/arborist") };
  };
  const start = loaded();
  const { text } = await pulumi.runtime.serializeFunction(() => 6 * 7);
  console.log(JSON.stringify({ start, end: loaded(), text }));`;

it("Pulumi's SDK loads without TypeScript and npm's dependency tree, until it needs them", async () => {
  const { stdout } = await execa(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", PROGRAM],
    { cwd: PROJECT },
  );
  const { start, end, text } = JSON.parse(stdout) as Record<string, unknown>;
  expect(start).toEqual({ typescript: false, arborist: false });
  // What serializes a function loads the compiler, which works.
  expect(end).toMatchObject({ typescript: true });
  expect(text).toContain("6 * 7");
});
