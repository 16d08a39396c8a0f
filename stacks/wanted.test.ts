import { describe, expect, it } from "vitest";

import type { App, Apps } from "../apps/app.ts";
import { APPS } from "../apps/index.ts";
import { clusterWide, inOrder, wantedOf } from "./wanted.ts";

const { website, database } = APPS;
const names = (wanted: ReturnType<typeof wantedOf>): string[] => wanted.map(({ name }) => name);

describe("the apps of a stack", () => {
  it("are those that its settings ask for", () => {
    expect(names(wantedOf(APPS, { dashboard: { kind: "none" } }))).toEqual([
      ...["website", "database", "ingress"],
    ]);
    const all = { descheduler: { image: "a" }, dashboard: { kind: "headlamp" } };
    expect(names(wantedOf(APPS, all))).toEqual(Object.keys(APPS));
  });

  it("are deployed after those that they need", () => {
    const order = names(inOrder(wantedOf(APPS, { dashboard: { kind: "none" } })));
    expect(order.slice(0, 2).sort()).toEqual(["database", "ingress"]);
    expect(order[2]).toBe("website");
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
