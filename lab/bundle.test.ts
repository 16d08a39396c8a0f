import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

import { execa } from "execa";
import { afterAll, expect, it } from "vitest";

import { bundle, bundlePlugin, importBundled } from "./bundle.ts";
import { PROJECT } from "./layout.ts";

/** Inside the checkout, as bundles find their packages from there. */
const BUILT = join(PROJECT, ".fogline");
mkdirSync(BUILT, { recursive: true });
const folder = mkdtempSync(join(BUILT, "sources-"));
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return relative(PROJECT, join(folder, name));
};
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(join(BUILT, "bundles", relative(PROJECT, folder)), { recursive: true });
});

async function run(file: string): Promise<unknown> {
  const { stdout } = await execa(process.execPath, [await bundle(file)], { cwd: "/" });
  return JSON.parse(stdout);
}

it("runs by plain node, with the packages of the checkout and sources that know where they lie", async () => {
  write(
    "other.ts",
    'export const place: string = import.meta.dirname;\nexport const said = "import.meta.url";',
  );
  const main = write(
    "main.ts",
    `import { parse } from "yaml";
     import { place, said } from "./other.ts";
     console.log(JSON.stringify([place, said, import.meta.url, parse("a: 1")]));`,
  );
  expect(await run(main)).toEqual([
    folder,
    "import.meta.url",
    pathToFileURL(join(PROJECT, main)).href,
    { a: 1 },
  ]);
});

it("is what the source is now", async () => {
  const main = write("changed.ts", "console.log(1)");
  expect(await run(main)).toBe(1);
  write("changed.ts", "console.log(2)");
  expect(await run(main)).toBe(2);
});

it("is refused with the file and the line that cannot be read", async () => {
  await expect(bundle(write("wrong.ts", "const = 1;"))).rejects.toThrow(/wrong\.ts:1:/);
});

it("is imported with what it exports, from a bundle, too", async () => {
  const list = write("list.ts", "export const LIST: readonly string[] = [import.meta.dirname];");
  expect(await importBundled(list)).toMatchObject({ LIST: [folder] });
  const place = JSON.stringify(join(PROJECT, "lab/bundle.ts"));
  const main = write(
    "importing.ts",
    `import { importBundled } from ${place};
     console.log(JSON.stringify(await importBundled(${JSON.stringify(list)})));`,
  );
  expect(await run(main)).toEqual({ LIST: [folder] });
});

it("is made by several at once", async () => {
  const main = write("shared.ts", `console.log(${"1".repeat(300)})`);
  const made = await Promise.all(Array.from({ length: 40 }, () => bundle(main)));
  expect(new Set(made).size).toBe(1);
});

it("of a plugin holds its packages, and is what its source is now", async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "fogline-plugin-"));
  try {
    mkdirSync(join(folder, "plugin"));
    const plugin = relative(PROJECT, join(folder, "plugin"));
    for (const n of [1, 2]) {
      write(
        "plugin/main.ts",
        `import { parse } from "yaml";
         console.log(JSON.stringify([process.argv[2], parse("a: ${n}")]));`,
      );
      const made = await bundlePlugin(plugin, "own");
      for (const name of ["plugin.mjs", "pulumi-resource-own"]) {
        copyFileSync(join(made, name), join(elsewhere, name));
      }
      // Where no package is installed. By its interpreter: a file that was just written cannot be executed
      // while a process that another thread starts still holds it open ("text file busy").
      const launcher = join(elsewhere, "pulumi-resource-own");
      expect(statSync(launcher).mode & 0o111).toBe(0o111);
      const { stdout } = await execa("sh", [launcher, "127.0.0.1:1"]);
      expect(JSON.parse(stdout)).toEqual(["127.0.0.1:1", { a: n }]);
    }
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

it("starts the command line", async () => {
  const start = join(PROJECT, "lab", "start.mjs");
  const { exitCode, stderr } = await execa(process.execPath, [start, "nothing"], { reject: false });
  expect([exitCode, stderr.split("\n")[0]]).toEqual([2, "unknown command nothing"]);
});
