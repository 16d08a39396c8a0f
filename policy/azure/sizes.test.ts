import { describe, expect, it } from "vitest";

import { parse } from "../../config/schema.ts";
import { REGIONS, zonesOf } from "./regions.ts";
import { SIZES, sizeOf } from "./sizes.ts";

const NAMED = /^Standard_[BDF](?<vcpus>\d+)(?<features>[a-z]*)(_v\d)?$/;

describe("the table of sizes", () => {
  it.each(Object.entries(SIZES))("agrees with what the name %s says", (name, size) => {
    const { vcpus, features = "" } = NAMED.exec(name)?.groups ?? {};
    expect(size.vcpus).toBe(Number(vcpus));
    // p: Ampere's Arm processors; t, l and neither: ever more memory for each processor.
    expect(size.architecture).toBe(features.includes("p") ? "Arm64" : "x64");
    expect(size.memoryMiB).toBeGreaterThanOrEqual(512);
    expect(size.family).toMatch(/^standard[A-Z]\w*Family$/);
  });

  it("gives more memory to sizes of the same processors without l and t", () => {
    for (const suffix of ["p", "a", ""]) {
      const memory = ["t", "l", ""].map(
        (less) => SIZES[`Standard_B2${suffix}${less}s_v2`]?.memoryMiB,
      );
      expect(memory, suffix).toEqual([1024, 4096, 8192]);
    }
  });

  it("is asked without regard to case", () => {
    expect(sizeOf("STANDARD_b2PLS_V2")).toBe(SIZES["Standard_B2pls_v2"]);
    expect(sizeOf("Standard_B2xls_v2")).toBeUndefined();
  });
});

describe("the regions", () => {
  it("are asked as people write them, and have three zones or none", () => {
    expect(zonesOf("East US")).toEqual(["1", "2", "3"]);
    expect(zonesOf("westus")).toEqual([]);
    expect(zonesOf("Atlantis")).toBeUndefined();
    expect([...REGIONS.keys()].every((name) => /^[a-z0-9]+$/.test(name))).toBe(true);
  });
});

describe("the settings' defaults", () => {
  it("are sizes and a region that Azure has", () => {
    const { cloud } = parse({
      cloud: { sshFrom: ["203.0.113.7/32"] },
      k3s: { version: "v1.36.3+k3s1", sha256: { arm64: "0".repeat(64) } },
    });
    expect(zonesOf(cloud.location)).toContain("1");
    for (const { size } of [cloud.master, ...cloud.workers]) {
      expect(sizeOf(size)?.architecture).toBe(cloud.arch === "arm64" ? "Arm64" : "x64");
    }
  });
});
