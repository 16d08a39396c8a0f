import { describe, expect, it } from "vitest";

import { APPS } from "../apps/index.ts";
import type { Built } from "../config/transition.ts";
import { refusalOf } from "./record.ts";

const built: Built = {
  cloud: {
    resourceGroup: "CloudStep",
    location: "eastus",
    adminUser: "fogline",
    image: "Debian:debian-13:13-arm64:0.20260914.2601",
    subnet: "10.10.1.0/24",
    network: "10.10.0.0/16",
  },
  master: "MasterNode",
  workers: ["WorkerNode"],
  disks: {},
  zones: {},
  devices: {},
  overlay: { kind: "wireguard", range: "10.101.0.0/16", listenPort: 51820 },
  k3s: { version: "v1.36.3+k3s1", podRange: "10.42.0.0/16", serviceRange: "10.43.0.0/16" },
  database: { image: "docker.io/library/postgres:17@sha256:1", storage: "1Gi" },
  monthlyBudgetUsd: 200,
};
const urn = "urn:pulumi:dev::fogline::pulumi:index:Stash::fogline-record";

describe("the refusal of a change", () => {
  it("lists every change with its fix, and how one is let through", () => {
    const k3s = { ...built.k3s, podRange: "10.44.0.0/16" };
    const text = refusalOf(built, { ...built, k3s, master: "Head" }, urn, APPS) ?? "";
    expect(text).toContain("nothing was changed");
    expect(text).toMatch(/- fogline:k3s\.podRange changes.*\n {4}fix: put 10\.42\.0\.0\/16 back/);
    expect(text).toContain("- fogline:cloud.master.name changes");
    expect(text).toContain(`pulumi state delete '${urn}'`);
  });

  it("is none where a change is only told", () => {
    const overlay = { ...built.overlay, listenPort: 51999 };
    expect(refusalOf(built, { ...built, overlay }, urn, APPS)).toBeUndefined();
  });

  it("is none for what an earlier release did not record", () => {
    expect(refusalOf({ k3s: built.k3s }, built, urn, APPS)).toBeUndefined();
  });
});
