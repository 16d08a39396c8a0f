import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { agentConfig, downloadUrl, FLANNEL_FILE, flannelConfig, serverConfig } from "./config.ts";
import { SETTINGS } from "./testing/settings.ts";

const node = {
  node: "raspberrypi",
  tier: "edge",
  address: "10.101.2.1",
  interfaceName: "fogline0",
} as const;

describe("K3s's configuration", () => {
  it("puts node address and flannel on the overlay", () => {
    expect(parse(agentConfig("10.101.0.1", node))).toMatchObject({
      server: "https://10.101.0.1:6443",
      "node-ip": "10.101.2.1",
      "flannel-iface": "fogline0",
      "flannel-conf": FLANNEL_FILE,
      "node-label": ["tier=edge"],
    });
  });

  it("of the server names the ranges and keeps workloads off it", () => {
    expect(parse(serverConfig(SETTINGS, node))).toMatchObject({
      "cluster-cidr": "10.42.0.0/16",
      "service-cidr": "10.43.0.0/16",
      "egress-selector-mode": "disabled",
      "node-taint": ["CriticalAddonsOnly=true:NoExecute"],
    });
  });

  it("tells flannel what a tunnel carries, which may be less than the interface", () => {
    expect(JSON.parse(flannelConfig(SETTINGS.podRange, 1420))).toMatchObject({
      Network: "10.42.0.0/16",
      Backend: { Type: "vxlan", MTU: 1420 },
    });
  });

  it("holds no token: those stand in files of their own, and the server's nowhere", () => {
    const [server, agent] = [serverConfig(SETTINGS, node), agentConfig("10.101.0.1", node)].map(
      (text) => parse(text) as object,
    );
    expect(server).toHaveProperty("agent-token-file", "/etc/rancher/k3s/agent-token");
    expect(agent).toHaveProperty("token-file", "/etc/rancher/k3s/token");
    for (const key of ["token", "agent-token", "token-file"]) {
      expect(server).not.toHaveProperty(key);
    }
  });

  it("finds each processor's binary", () => {
    expect(downloadUrl(SETTINGS, "amd64")).toBe("https://example.test/v1.36.3%2Bk3s1/k3s");
    expect(downloadUrl(SETTINGS, "arm64")).toBe("https://example.test/v1.36.3%2Bk3s1/k3s-arm64");
  });
});
