import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import type { Apps } from "../../apps/app.ts";
import { APPS } from "../../apps/index.ts";
import type { BaseName } from "../../apps/images.ts";
import { ownFolder } from "../testing/folder.ts";
import { keyOf } from "./keys.ts";
import { appImage, BASES, nameOf, OWN, programsOf, type Recipe } from "./recipes.ts";
import { file, folder } from "./sources.ts";

let place: string;

beforeEach(async () => {
  place = ownFolder();
  await mkdir(join(place, "src"));
  await writeFile(join(place, "Dockerfile"), "FROM scratch\n");
  await writeFile(join(place, "src", "a.ts"), "a");
  await writeFile(join(place, "src", "a.test.ts"), "a");
});

function recipe(bases: Readonly<Record<string, BaseName>> = {}): Recipe {
  const context = [
    file(join(place, "Dockerfile"), "Dockerfile"),
    folder(join(place, "src"), "src", (path) => !path.endsWith(".test.ts")),
  ];
  return { name: "example", context, bases };
}

describe("keyOf", () => {
  it("is the same for the same content", async () => {
    expect(await keyOf(recipe())).toBe(await keyOf(recipe()));
  });

  it("differs when a file changes, comes or goes", async () => {
    const keys = [await keyOf(recipe())];
    await writeFile(join(place, "src", "a.ts"), "b");
    keys.push(await keyOf(recipe()));
    await writeFile(join(place, "src", "b.ts"), "b");
    keys.push(await keyOf(recipe()));
    await writeFile(join(place, "Dockerfile"), "FROM other\n");
    keys.push(await keyOf(recipe()));
    expect(new Set(keys).size).toBe(4);
  });

  it("does not mind files that stay out of the image", async () => {
    const before = await keyOf(recipe());
    await writeFile(join(place, "src", "a.test.ts"), "other");
    expect(await keyOf(recipe())).toBe(before);
  });

  it("differs by base", async () => {
    const keys = [recipe(), recipe({ BASE: "debian" }), recipe({ BASE: "node" })].map(keyOf);
    expect(new Set(await Promise.all(keys)).size).toBe(3);
  });
});

/** Images of the apps; any file stands for the programs that they hold. */
const OF_APPS = Object.values(APPS as Apps)
  .flatMap(({ images = {} }) => Object.values(images))
  .flatMap((image) => image ?? [])
  .map((image) => {
    const programs = programsOf(image).map((program) => [nameOf(program), import.meta.filename]);
    return appImage(image, Object.fromEntries(programs) as Record<string, string>);
  });

describe("the recipes", () => {
  it.each(
    [...Object.values(BASES), ...Object.values(OWN), ...OF_APPS].map(
      (each) => [each.name, each] as const,
    ),
  )("have a Dockerfile for %s", async (_, { context }) => {
    const parts = await Promise.all(context.map((source) => source.identity()));
    expect(parts.some((part) => part.startsWith("Dockerfile "))).toBe(true);
  });

  it("start from what the caller names, and name no place to download from", async () => {
    const own = await readdir(import.meta.dirname, { withFileTypes: true });
    const dockerfiles = [
      ...own
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(import.meta.dirname, name, "Dockerfile")),
      ...Object.values(APPS as Apps)
        .flatMap(({ images = {} }) => Object.values(images))
        .flatMap((image) => image?.context ?? [])
        .flatMap((part) => ("file" in part && part.to === "Dockerfile" ? [part.file] : [])),
    ];
    expect(dockerfiles.length).toBeGreaterThan(10);
    for (const path of dockerfiles) {
      const text = await readFile(path, "utf8");
      expect(text).toMatch(/^FROM (scratch|\$\{BASE\})/m);
      expect(text).not.toMatch(/https?:/);
    }
  });
});
