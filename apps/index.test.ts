/** What holds for every app of the list. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { schemasOf } from "../config/schema.ts";
import { exemptionsOf } from "./exemptions.ts";
import { APPS } from "./index.ts";

const HERE = import.meta.dirname;

/** Sources of an app; tests may look at both sides of what apps agree on. */
function sources(folder: string): readonly string[] {
  return readdirSync(join(HERE, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => readFileSync(join(HERE, folder, path), "utf8"));
}

describe("the apps of the list", () => {
  it("are the folders, and each says what it is", () => {
    const folders = readdirSync(HERE, { withFileTypes: true }).filter((each) => each.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(APPS).sort());
    for (const { name } of folders) {
      expect(readFileSync(join(HERE, name, "README.md"), "utf8")).toMatch(`# ${name}\n`);
    }
  });

  it("have names that no section of the program has", () => {
    const own = Object.keys(schemasOf({}));
    expect(Object.keys(APPS).filter((name) => own.includes(name))).toEqual([]);
  });

  it("declare what policies exempt them from", () => {
    expect(exemptionsOf(APPS)).toEqual({ nodePorts: ["fogline:ingress:IngressController"] });
    const { ingress, ...others } = APPS;
    expect(ingress.nodePorts).toBeDefined();
    expect(exemptionsOf(others)).toEqual({ nodePorts: [] });
  });

  it.each(Object.keys(APPS))("let %s know nothing of the insides of others", (name) => {
    const others = Object.keys(APPS).filter((other) => other !== name);
    const inside = new RegExp(`from "(\\.\\./)+(apps/)?(${others.join("|")})/`);
    for (const text of sources(name)) {
      expect(text).not.toMatch(inside);
    }
  });
});
