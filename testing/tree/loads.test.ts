/** What is loaded before anything is deployed: Pulumi's SDKs take a second, and only deploying needs them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");
/** An import or re-export that is loaded with its file; types are not. */
const LOADED = /^(?:import|export)\s(?!type\b)(?:[^"';]*?\sfrom\s)?"([^"]+)"/gm;

/** Packages that a file of the checkout loads, each with the way to it. */
function packagesOf(file: string, way: readonly string[] = [], seen = new Set<string>()): string[] {
  if (seen.has(file)) {
    return [];
  }
  seen.add(file);
  const here = [...way, file];
  const names = [...readFileSync(join(PROJECT, file), "utf8").matchAll(LOADED)];
  return names.flatMap(([, name = ""]) => {
    const next = name.startsWith(".") ? join(dirname(file), name) : "";
    return next === "" ? [[...here, name].join(" > ")] : packagesOf(next, here, seen);
  });
}

const commands = readdirSync(join(PROJECT, "lab/commands"))
  .filter((name) => !name.endsWith(".test.ts"))
  .map((name) => `lab/commands/${name}`);

describe.each(["apps/index.ts", "testing/fixtures/apps/index.ts", "lab/cli.ts", ...commands])(
  "%s",
  (file) => {
    it("loads none of Pulumi's SDKs", () => {
      expect(existsSync(join(PROJECT, file))).toBe(true);
      const loaded = packagesOf(file);
      expect(loaded.filter((way) => / > @(pulumi|grpc)\//.test(way))).toEqual([]);
    });
  },
);

it("the rule sees what a component loads", () => {
  const loaded = packagesOf("apps/website/component.ts");
  expect(loaded).toContain("apps/website/component.ts > @pulumi/kubernetes");
});
