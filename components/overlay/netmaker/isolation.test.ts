/**
 * The library is usable alone: its folder imports nothing of the rest of the program, but for the room
 * that all providers share.
 */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";
import { expect, it } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));

/** What the library's own files may import from outside; tests may import more. */
const PACKAGES = ["@pulumi/pulumi", "ipaddr.js", "zod"];
const TEST_PACKAGES = [...PACKAGES, "fast-check", "typescript", "vitest"];

const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);

/** Everything that a file imports, by `import`, `export … from` or `import()`. */
function importsOf(file: string): string[] {
  return ts
    .preProcessFile(readFileSync(join(folder, file), "utf8"))
    .importedFiles.map(({ fileName }) => fileName);
}

/** The room of all providers, which imports nothing of the program either. */
const PROVIDER_ROOM = join(folder, "..", "..", "..", "provider");

function isTest(file: string): boolean {
  return /\.test\.ts$|(^|\/)(contract|testing)\//.test(file);
}

it("looks at every file of the library", () => {
  expect(files).toEqual(expect.arrayContaining(["api/client.ts", "rules/ranges.ts"]));
  expect(importsOf("api/client.ts")).toContain("./networks.ts");
  expect(ts.preProcessFile('await import("x")').importedFiles[0]?.fileName).toBe("x");
});

it.each(files)("%s stays inside the folder and the allowed packages", (file) => {
  const strangers = importsOf(file).filter((target) => {
    if (target.startsWith(".")) {
      const path = join(folder, dirname(file), target);
      const inRoom = file.startsWith("provider/") && dirname(path) === PROVIDER_ROOM;
      return !inRoom && relative(folder, path).startsWith("..");
    }
    const builtin = builtinModules.includes(target.replace(/^node:/, ""));
    return !builtin && !(isTest(file) ? TEST_PACKAGES : PACKAGES).includes(target);
  });
  expect(strangers).toEqual([]);
});

it.each(readdirSync(PROVIDER_ROOM).filter((file) => file.endsWith(".ts") && !isTest(file)))(
  "the providers' %s stays in its room",
  (file) => {
    const source = readFileSync(join(PROVIDER_ROOM, file), "utf8");
    const targets = ts.preProcessFile(source).importedFiles;
    expect(targets.filter(({ fileName }) => fileName.startsWith(".."))).toEqual([]);
  },
);

it("talks to the server without Pulumi: api and rules", () => {
  const users = files.filter((file) => importsOf(file).some((of) => of.startsWith("@pulumi/")));
  expect(users.filter((file) => /^(api|rules|contract)\//.test(file))).toEqual([]);
  expect(users).toContain("resources/network.ts");
});

it("has no file of the library that imports a test's", () => {
  const importers = files
    .filter((file) => !isTest(file))
    .filter((file) => importsOf(file).some((target) => /\/(contract|testing)\//.test(target)));
  expect(importers).toEqual([]);
});
