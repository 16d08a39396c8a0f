import { describe, expect, it } from "vitest";

import { timersOf, type Profile } from "../../config/failover.ts";
import type { Values } from "../remote/render.ts";
import { unitValues } from "./units.ts";

const VXLAN = { podRange: "10.42.0.0/16", flannelBackend: "vxlan" } as const;
const ROUTES = { ...VXLAN, flannelBackend: "host-gw" } as const;
const OTHERS = { ...VXLAN, flannelBackend: "none" } as const;

it.each([
  ["server", "fogline0"],
  ["agent", "fogline0"],
  ["agent", undefined],
] as const)("the units of a %s by the interface %s are these", (role, interfaceName) => {
  const values = unitValues(role, interfaceName, timersOf({}), VXLAN);
  const { SERVICE, FOLLOW_SERVICE } = values;
  // Another form of the same content would start every node's K3s anew.
  expect([SERVICE, FOLLOW_SERVICE]).toMatchSnapshot();
});

describe("K3s' environment", () => {
  const serviceOf = (role: "server" | "agent", profile: "stock" | "fast"): string =>
    unitValues(role, "fogline0", timersOf({ profile }), VXLAN)["SERVICE"] ?? "";

  it("tells an agent's clients when a connection is dead, where the profile says so", () => {
    expect(serviceOf("agent", "fast")).toContain(
      "Environment=HTTP2_READ_IDLE_TIMEOUT_SECONDS=2\nEnvironment=HTTP2_PING_TIMEOUT_SECONDS=2\n",
    );
    expect(serviceOf("agent", "stock")).not.toContain("Environment");
  });

  it("tells a server's nothing: theirs lead over its loopback interface", () => {
    expect(serviceOf("server", "fast")).not.toContain("Environment");
  });
});

describe("a server that is to give nodes up earlier", () => {
  it("waits for a step after the agents' where their leases are shortened with it", () => {
    const fast = timersOf({ profile: "fast" });
    expect(unitValues("server", "fogline0", fast, VXLAN)["HOLD"]).toBe("yes");
    expect(unitValues("agent", "fogline0", fast, VXLAN)["HOLD"]).toBe("no");
    expect(unitValues("server", "fogline0", timersOf({}), VXLAN)["HOLD"]).toBe("no");
  });
});

it("agents refuse connections to pods of silent nodes where the profile says so", () => {
  const fast = timersOf({ profile: "fast" });
  const { REACH, REACH_SERVICE } = unitValues("agent", "fogline0", fast, VXLAN);
  expect(REACH).toContain("set -euo pipefail");
  expect(REACH_SERVICE).toMatchSnapshot();
  for (const none of [
    unitValues("server", "fogline0", fast, VXLAN),
    unitValues("agent", "fogline0", timersOf({}), VXLAN),
  ]) {
    expect(none).toMatchObject({ REACH: "", REACH_SERVICE: "" });
  }
});

describe("the pods' network", () => {
  it("is looked after by another program where flannel sets routes", () => {
    const [vxlan, routes] = [VXLAN, ROUTES].map((network) =>
      unitValues("agent", "fogline0", timersOf({}), network),
    );
    expect(routes?.["FOLLOW"]).not.toBe(vxlan?.["FOLLOW"]);
    expect(routes?.["FOLLOW_SERVICE"]).toContain(
      "fogline-k3s-follow k3s-agent.service fogline0 10.42.0.0/16\n",
    );
    // K3s itself is started in the same way.
    expect(routes?.["SERVICE"]).toBe(vxlan?.["SERVICE"]);
  });

  it("is left alone where it is somebody else's", () => {
    const fast = timersOf({ profile: "fast" });
    expect(unitValues("agent", "fogline0", fast, OTHERS)).toMatchObject({
      ...{ FOLLOW: "", FOLLOW_SERVICE: "", REACH: "", REACH_SERVICE: "" },
    });
  });
});

it("an agent has visitors wait for its ingress controller, and a server, which has none, does not", () => {
  const agent = unitValues("agent", "fogline0", timersOf({}), VXLAN);
  expect(agent["GATE"]).toContain("set -euo pipefail");
  expect(agent["GATE_SERVICE"]).toMatchSnapshot();
  expect(unitValues("server", "fogline0", timersOf({}), VXLAN)).toMatchObject({
    GATE: "",
    GATE_SERVICE: "",
  });
});

it("a server that gives nodes up soon has them keep their leases while it starts", () => {
  const of = (role: "server" | "agent", profile: Profile): Values =>
    unitValues(role, "fogline0", timersOf({ profile }), VXLAN);
  expect(of("server", "fast")["LEASES"]).toContain("set -euo pipefail");
  expect(of("server", "fast")["LEASES_SERVICE"]).toMatchSnapshot();
  expect(of("server", "moderate")["LEASES_SERVICE"]).toBe(of("server", "fast")["LEASES_SERVICE"]);
  for (const none of [of("server", "stock"), of("agent", "fast")]) {
    expect(none).toMatchObject({ LEASES: "", LEASES_SERVICE: "" });
  }
});
