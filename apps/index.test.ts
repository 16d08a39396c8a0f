/** What holds for every app of the list. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { schemasOf } from "../config/schema.ts";
import { exemptionsOf } from "./exemptions.ts";
import { APPS } from "./index.ts";
import { levelOf } from "./pod-security.ts";

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

  it("keep to the strictest level of pod security, but for the one that has its nodes' ports", () => {
    const levels = Object.values(APPS).map(({ pods }) => [
      pods.namespace,
      levelOf(APPS, pods.namespace),
    ]);
    expect(levels.filter(([, level]) => level !== "restricted")).toEqual([
      ["ingress", "privileged"],
    ]);
  });

  it("get the least strict level where they share a namespace", () => {
    const { website, database } = APPS;
    const apps = { website, database: { ...database, podSecurity: "baseline" } } as const;
    expect(levelOf(apps, "website")).toBe("baseline");
    expect(levelOf(apps, "nobody's")).toBe("restricted");
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
