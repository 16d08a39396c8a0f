/** The library is usable alone: its folder imports nothing but its declared dependencies. */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";
import { expect, it } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));

/** What the library's own files may import from outside; tests may import more. */
const { name: own, dependencies } = JSON.parse(
  readFileSync(join(folder, "package.json"), "utf8"),
) as {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
};
const PACKAGES = [own, ...Object.keys(dependencies)];
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

function isTest(file: string): boolean {
  return /\.test\.ts$|(^|\/)(contract|testing)\//.test(file);
}

it("looks at every file of the library", () => {
  expect(files).toEqual(expect.arrayContaining(["api/client.ts", "rules/ranges.ts"]));
  expect(importsOf("api/client.ts")).toContain("./networks.ts");
  expect(ts.preProcessFile('await import("x")').importedFiles[0]?.fileName).toBe("x");
});

it("declares exact versions", () => {
  expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual(
    [],
  );
});

it.each(files)("%s stays inside the folder and the allowed packages", (file) => {
  const strangers = importsOf(file).filter((target) => {
    if (target.startsWith(".")) {
      return relative(folder, join(folder, dirname(file), target)).startsWith("..");
    }
    const builtin = builtinModules.includes(target.replace(/^node:/, ""));
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? "";
    return !builtin && !(isTest(file) ? TEST_PACKAGES : PACKAGES).includes(name);
  });
  expect(strangers).toEqual([]);
});

it("talks to the server without Pulumi: api and rules", () => {
  const users = files.filter((file) =>
    importsOf(file).some((of) => /^@(pulumi|fogline)\//.test(of)),
  );
  expect(users.filter((file) => /^(api|rules|contract)\//.test(file))).toEqual([]);
  expect(users).toContain("resources/network.ts");
});

it("has no file of the library that imports a test's", () => {
  const importers = files
    .filter((file) => !isTest(file))
    .filter((file) => importsOf(file).some((target) => /\/(contract|testing)\//.test(target)));
  expect(importers).toEqual([]);
});
