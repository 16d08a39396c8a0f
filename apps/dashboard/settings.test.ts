import { describe, expect, it } from "vitest";

import { image } from "../../config/fields.ts";
import { SettingsError, type Problem } from "../../config/problems.ts";
import { parse } from "../../config/schema.ts";
import { DASHBOARD_IMAGES, SCRAPER_IMAGE } from "./images.ts";
import { settings } from "./settings.ts";

const sum = "0".repeat(64);
const valid = {
  cloud: { sshFrom: ["203.0.113.7/32"] },
  k3s: { version: "v1.36.3+k3s1", sha256: { arm64: sum } },
};
const apps = { dashboard: { settings } };

function problemsOf(dashboard: unknown): readonly Problem[] {
  try {
    parse({ ...valid, dashboard }, apps);
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe("the dashboard's settings", () => {
  it("ask for Headlamp when a stack says nothing", () => {
    expect(parse(valid, apps).dashboard).toEqual({ kind: "headlamp" });
  });

  it("pin every image by digest", () => {
    for (const pinned of [...Object.values(DASHBOARD_IMAGES), SCRAPER_IMAGE]) {
      expect(image.safeParse(pinned).success, pinned).toBe(true);
    }
  });

  it.each([
    { kind: "none" },
    { kind: "headlamp", image: `registry.example/headlamp@sha256:${sum}` },
    { kind: "kubernetes-dashboard", scraperImage: `registry.example/scraper@sha256:${sum}` },
  ])("take %j", (dashboard) => {
    expect(problemsOf(dashboard)).toEqual([]);
  });

  it.each([
    ["an unknown kind", { kind: "octant" }, "kind", "must be headlamp", "use headlamp"],
    ["a misspelt key", { knd: "none" }, "knd", "is not a setting", "did you mean kind?"],
    ["a tag alone", { image: "ghcr.io/x/y:v1" }, "image", "and digest", "write it like"],
    [
      "an image for no dashboard",
      { kind: "none", image: `ghcr.io/x/y@sha256:${sum}` },
      "image",
      "kind is none",
      "remove it",
    ],
    [
      "a scraper for Headlamp",
      { scraperImage: `ghcr.io/x/y@sha256:${sum}` },
      "scraperImage",
      "kind is headlamp",
      "only kubernetes-dashboard",
    ],
  ])("refuse %s", (_, dashboard, key, rule, fix) => {
    const problems = problemsOf(dashboard);
    expect(problems.map(({ path }) => path)).toEqual([`fogline:dashboard.${key}`]);
    expect(problems[0]?.rule).toContain(rule);
    expect(problems[0]?.fix).toContain(fix);
  });
});
