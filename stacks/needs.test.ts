import { describe, expect, it } from "vitest";

import type { App, Apps } from "../apps/app.ts";
import { APPS as PROGRAM } from "../apps/index.ts";
import type { Reading } from "../config/schema.ts";
import { APPS } from "../testing/fixtures/apps/index.ts";
import { needProblems } from "./needs.ts";

/** Settings in which the section `hello` asks for that app, and some others are given. */
function reading(sections: Reading["readable"] = {}, ...paths: readonly string[]): Reading {
  const problems = paths.map((path) => ({ path, rule: "is wrong", fix: "correct it" }));
  return { problems, readable: { hello: { enabled: true }, ...sections } };
}

/** The list with an ingress that runs only where its settings name an image. */
const ingress: App = { ...APPS.ingress, enabled: ({ image }) => image !== undefined };
const OPTIONAL: Apps = { ...APPS, ingress };

describe("an app that another one needs", () => {
  it("may be disabled only together with it: the problem names both sections and the fix", () => {
    expect(needProblems(OPTIONAL, reading())).toEqual([
      {
        path: "fogline:website",
        rule: "the app website needs ingress of the app ingress, which fogline:ingress disables",
        fix: "enable ingress in fogline:ingress",
      },
      {
        path: "fogline:hello",
        rule: "the app hello needs ingress of the app ingress, which fogline:ingress disables",
        fix: "enable ingress in fogline:ingress, or disable hello in fogline:hello",
      },
    ]);
    expect(needProblems(OPTIONAL, reading({ ingress: { image: "traefik" } }))).toEqual([]);
    const alone = needProblems(OPTIONAL, reading({ hello: { enabled: false } }));
    expect(alone.map(({ path }) => path)).toEqual(["fogline:website"]);
  });

  it("is not called disabled while its own section is wrong", () => {
    expect(needProblems(OPTIONAL, reading({}, "fogline:ingress.image"))).toEqual([]);
    expect(needProblems(OPTIONAL, reading({}, "fogline:ingressive"))).toHaveLength(2);
  });

  it("must be in the list, and so must the registry of an image that is built", () => {
    const { hello } = APPS;
    const build = { hello: { enabled: true, image: "build" } };
    expect(needProblems({ hello }, reading(build)).map(({ rule }) => rule)).toEqual([
      "the app hello needs ingress, which no app of apps/index.ts provides",
      "the app hello needs registry, which no app of apps/index.ts provides",
    ]);
  });

  it("is there for every app of the program, whatever is disabled", () => {
    const off = { dashboard: { kind: "none" } };
    expect(needProblems(PROGRAM, reading(off))).toEqual([]);
    expect(needProblems(PROGRAM, reading({ ...off, website: { image: "build" } }))).toEqual([]);
  });
});
