import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { files, type AppImage } from "../images.ts";
import { APPS } from "../index.ts";
import { orderOf, type BuildSettings } from "./context.ts";
import { BASES } from "./images.ts";

const settings: BuildSettings = { bases: BASES, archs: ["amd64", "arm64"] };
let folder: string;

beforeEach(() => {
  mkdirSync(".fogline", { recursive: true });
  folder = mkdtempSync(join(process.cwd(), ".fogline/context-"));
  writeFileSync(join(folder, "Dockerfile"), "FROM scratch\n");
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src/a.ts"), "a");
  writeFileSync(join(folder, "src/a.test.ts"), "test");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function image(): AppImage {
  return {
    name: "thing",
    context: [
      ...files(folder, "Dockerfile"),
      { folder: join(folder, "src"), to: "src", except: /\.test\.ts$/ },
    ],
    bases: { BASE: "node" },
  };
}

const key = (over: Partial<BuildSettings> = {}): string =>
  orderOf(image(), { ...settings, ...over }).key;

describe("what is to be built", () => {
  it("names the files by their paths in the checkout, the bases and the architectures", () => {
    const { context, ...order } = orderOf(image(), settings);
    expect(order).toEqual({
      ...{ name: "thing", archs: ["amd64", "arm64"], args: { BASE: BASES.node } },
      key: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    });
    expect(context.map(({ to }) => to)).toEqual(["Dockerfile", "src/a.ts"]);
    expect(context[0]?.from).toMatch(/^\.fogline\/context-\w+\/Dockerfile$/);
  });

  it("has another key when a file, a base or an architecture is another one, and then alone", () => {
    const first = key();
    expect(key({ archs: ["arm64", "amd64"] })).toBe(first);
    writeFileSync(join(folder, "src/a.test.ts"), "another test");
    expect(key()).toBe(first);
    const other = { ...BASES, node: BASES.debian };
    const keys = [first, key({ bases: other }), key({ archs: ["arm64"] })];
    writeFileSync(join(folder, "src/a.ts"), "b");
    keys.push(key());
    writeFileSync(join(folder, "src/b.ts"), "b");
    keys.push(key());
    expect(new Set(keys).size).toBe(5);
  });

  it("is the website's service without its tests", () => {
    const website = orderOf(APPS.website.images?.image as AppImage, settings);
    const paths = website.context.map(({ to }) => to);
    expect(paths).toEqual(expect.arrayContaining(["Dockerfile", "package.json", "src/main.ts"]));
    expect(paths.filter((path) => path.includes("test"))).toEqual([]);
    expect(website.args).toEqual({ BASE: BASES.node, BUILD_BASE: BASES["node-build"] });
  });

  it("is made of the checkout alone", () => {
    const traefik = APPS.ingress.images?.image as AppImage;
    expect(() => orderOf(traefik, settings)).toThrow(
      "holds a program that the lab makes: name a published image",
    );
  });
});
