import { describe, expect, it } from "vitest";

import { parse } from "../../config/schema.ts";
import { requirementsOf } from "./check.ts";

describe("what a stack asks of its devices", () => {
  const asked = (version: string): ReturnType<typeof requirementsOf> =>
    requirementsOf(
      parse({
        cloud: { sshFrom: ["203.0.113.7/32"] },
        k3s: { version, sha256: { arm64: "1".repeat(64) } },
      }),
    );

  it.each([
    ["v1.34.9+k3s1", "any"],
    ["v1.35.0+k3s1", "v2"],
    ["v1.36.3+k3s1", "v2"],
    ["v2.0.0+k3s1", "v2"],
  ])("with K3s %s is cgroup %s", (version, groups) => {
    expect(asked(version).CGROUPS).toBe(groups);
  });

  it("is to be outside of every range of the stack", () => {
    const ranges = ["overlay.range", "k3s.podRange", "k3s.serviceRange", "cloud.network"];
    const lines = asked("v1.36.3+k3s1").RANGES.split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(
      ranges.map((setting) => `fogline:${setting}`),
    );
  });
});
