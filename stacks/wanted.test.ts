import { describe, expect, it } from "vitest";

import type { App, Apps } from "../apps/app.ts";
import { APPS } from "../apps/index.ts";
import { builtImages, clusterWide, inOrder, mirrorsOf, wantedOf } from "./wanted.ts";

const { website, database } = APPS;
const names = (wanted: ReturnType<typeof wantedOf>): string[] => wanted.map(({ name }) => name);

describe("the apps of a stack", () => {
  it("are those that its settings ask for", () => {
    expect(names(wantedOf(APPS, { dashboard: { kind: "none" } }))).toEqual([
      ...["website", "database", "ingress"],
    ]);
    const all = { descheduler: { image: "a" }, dashboard: { kind: "headlamp" } };
    const always = Object.keys(APPS).filter((name) => name !== "registry");
    expect(names(wantedOf(APPS, all))).toEqual(always);
    expect(names(wantedOf(APPS, { ...all, website: { image: "build" } }))).toEqual(
      Object.keys(APPS),
    );
  });

  it("are deployed after those that they need", () => {
    const order = names(inOrder(wantedOf(APPS, { dashboard: { kind: "none" } })));
    expect(order.slice(0, 2).sort()).toEqual(["database", "ingress"]);
    expect(order[2]).toBe("website");
  });

  it("have a registry before those whose images are built, and only where one is", () => {
    const settings = { dashboard: { kind: "none" }, website: { image: "build" } };
    const wanted = wantedOf(APPS, settings);
    const order = names(inOrder(wanted));
    expect(order.at(-1)).toBe("website");
    expect(order).toContain("registry");
    expect(wanted.flatMap(builtImages)).toEqual(["image"]);
    expect(mirrorsOf(wanted, "10.43.0.0/16")).toEqual({
      "images.fogline.internal": ["http://10.43.0.15:5000"],
    });
    // Not for the image of an app that the settings leave off.
    const idle: App = { ...website, enabled: () => false };
    expect(names(wantedOf({ ...APPS, website: idle }, settings))).not.toContain("registry");
    expect(mirrorsOf(wantedOf(APPS, { website: { image: "a" } }), "10.43.0.0/16")).toEqual({});
  });

  it("cannot need each other in a circle", () => {
    const circle: App = { ...database, needs: ["ingress"] };
    const ingress: App = { ...APPS.ingress, needs: ["database"] };
    const apps: Apps = { website, database: circle, ingress };
    expect(() => inOrder(wantedOf(apps, {}))).toThrow(
      /^apps need each other in a circle: website → ingress → database → ingress$/,
    );
  });

  it("claim the namespaces that are made for them once, then their own names", () => {
    const claimed = clusterWide(wantedOf(APPS, { dashboard: { kind: "none" } }));
    expect(claimed).toEqual([
      "namespace/website",
      "namespace/ingress",
      "ingressclass/traefik",
      "clusterrole/traefik",
      "clusterrolebinding/traefik",
    ]);
  });
});
