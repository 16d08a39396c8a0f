import { describe, expect, it } from "vitest";

import { FLANNEL_BACKENDS } from "./flannel.ts";
import { SettingsError, type Problem } from "./problems.ts";
import { parse } from "./schema.ts";

/** What is wrong with settings that name a way between nodes, over an overlay of some kind. */
function problemsOf(flannelBackend: string, kind = "wireguard"): readonly Problem[] {
  try {
    parse({
      cloud: { sshFrom: ["8.8.4.4/32"] },
      overlay: { kind },
      k3s: { version: "v1.36.3+k3s1", sha256: {}, flannelBackend },
    });
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems.filter(({ path }) => path === "fogline:k3s.flannelBackend");
    }
    throw error;
  }
  return [];
}

describe("the way between nodes", () => {
  it.each(FLANNEL_BACKENDS)("may be %s over plain WireGuard", (backend) => {
    expect(problemsOf(backend)).toEqual([]);
  });

  it.each(["vxlan", "none"])("may be %s with Netmaker", (backend) => {
    expect(problemsOf(backend, "netmaker")).toEqual([]);
  });

  it("cannot be one that is not known", () => {
    const [problem] = problemsOf("udp");
    expect(problem?.rule).toContain("must be a known way between nodes");
    expect(problem?.fix).toBe("use vxlan, host-gw or none");
  });

  it("cannot be routes to pods with Netmaker, whose cloud workers are not in the overlay", () => {
    const [problem] = problemsOf("host-gw", "netmaker");
    expect(problem?.rule).toContain("cloud workers are in the cloud's network alone");
    expect(problem?.fix).toMatch(/^use vxlan/);
  });
});
