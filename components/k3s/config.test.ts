import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { timersOf, type Profile } from "../../config/failover.ts";
import {
  agentConfig,
  downloadUrl,
  FLANNEL_FILE,
  flannelConfig,
  kubeletConfig,
  serverConfig,
} from "./config.ts";
import { SETTINGS } from "./testing/settings.ts";

const node = {
  node: "raspberrypi",
  tier: "edge",
  address: "10.101.2.1",
  interfaceName: "fogline0",
} as const;

describe("K3s's configuration", () => {
  it("puts node address and flannel on the overlay", () => {
    expect(parse(agentConfig(SETTINGS, "10.101.0.1", node, timersOf({})))).toMatchObject({
      server: "https://10.101.0.1:6443",
      "node-ip": "10.101.2.1",
      "flannel-iface": "fogline0",
      "flannel-conf": FLANNEL_FILE,
      "node-label": ["tier=edge"],
    });
  });

  it("of the server names the ranges and keeps workloads off it", () => {
    expect(parse(serverConfig(SETTINGS, node, timersOf({})))).toMatchObject({
      "cluster-cidr": "10.42.0.0/16",
      "service-cidr": "10.43.0.0/16",
      "egress-selector-mode": "disabled",
      "node-taint": ["CriticalAddonsOnly=true:NoExecute"],
    });
  });

  it("tells flannel what a tunnel carries, which may be less than the interface", () => {
    expect(JSON.parse(flannelConfig(SETTINGS, 1420))).toMatchObject({
      Network: "10.42.0.0/16",
      Backend: { Type: "vxlan", MTU: 1420 },
    });
  });

  it("sends pods' packets by routes with host-gw, as large as the interface takes them", () => {
    const settings = { ...SETTINGS, flannelBackend: "host-gw" } as const;
    expect(parse(serverConfig(settings, node, timersOf({})))).toMatchObject({
      "flannel-backend": "host-gw",
      "flannel-conf": FLANNEL_FILE,
      "flannel-iface": "fogline0",
    });
    // Nodes are told by their servers, and by flannel's file.
    expect(agentConfig(settings, "10.101.0.1", node, timersOf({}))).toBe(
      agentConfig(SETTINGS, "10.101.0.1", node, timersOf({})),
    );
    expect(JSON.parse(flannelConfig(settings, 1420))).toEqual({
      ...{ Network: "10.42.0.0/16", EnableIPv4: true, EnableIPv6: false },
      Backend: { Type: "host-gw" },
    });
  });

  it("leaves the pods' network and its policies to others with none", () => {
    const settings = { ...SETTINGS, flannelBackend: "none" } as const;
    const [server, agent] = [
      serverConfig(settings, node, timersOf({})),
      agentConfig(settings, "10.101.0.1", node, timersOf({})),
    ].map((text) => parse(text) as object);
    expect(server).toMatchObject({ "flannel-backend": "none", "disable-network-policy": true });
    for (const config of [server, agent]) {
      expect(config).not.toHaveProperty("flannel-conf");
      expect(config).not.toHaveProperty("flannel-iface");
    }
    expect(flannelConfig(settings, 1420)).toBe("");
  });

  it("holds no token: those stand in files of their own, and the server's nowhere", () => {
    const [server, agent] = [
      serverConfig(SETTINGS, node, timersOf({})),
      agentConfig(SETTINGS, "10.101.0.1", node, timersOf({})),
    ].map((text) => parse(text) as object);
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

describe("timers of the failover", () => {
  /** What K3s' parts are told beside what every profile tells them. */
  const told = (profile: Profile): Readonly<Record<string, readonly string[]>> => {
    const timers = timersOf({ profile });
    const texts = [
      serverConfig(SETTINGS, node, timers),
      agentConfig(SETTINGS, "10.101.0.1", node, timers),
    ];
    const [server = {}, agent = {}] = texts.map(
      (text) => parse(text) as Readonly<Record<string, readonly string[]>>,
    );
    for (const key of ["kubelet-arg", "kube-proxy-arg"]) {
      expect(agent[key], key).toEqual(server[key]);
    }
    return server;
  };

  it("are those of earlier releases where nothing is set, in the same form", () => {
    // Another form of the same content would start every node's K3s anew.
    expect(serverConfig(SETTINGS, node, timersOf({}))).toMatchSnapshot();
    expect(agentConfig(SETTINGS, "10.101.0.1", node, timersOf({}))).toMatchSnapshot();
    expect(kubeletConfig(timersOf({}))).toBe("");
  });

  it("are left to K3s in the profile stock", () => {
    const named = Object.values(told("stock")).flat().map(String);
    expect(named.filter((each) => /node-(monitor|status)|toleration|min-sync/.test(each))).toEqual(
      [],
    );
    expect(kubeletConfig(timersOf({ profile: "stock" }))).toBe("");
  });

  it("are all there in the profile fast", () => {
    const server = told("fast");
    expect(server["kube-controller-manager-arg"]).toEqual(
      expect.arrayContaining(["node-monitor-grace-period=5.5s", "node-monitor-period=0.5s"]),
    );
    expect(server["kube-apiserver-arg"]).toEqual(
      expect.arrayContaining([
        "default-not-ready-toleration-seconds=5",
        "default-unreachable-toleration-seconds=5",
      ]),
    );
    expect(server["kubelet-arg"]).toContain("node-status-update-frequency=2s");
    expect(server["kube-proxy-arg"]).toEqual(["iptables-min-sync-period=0.2s"]);
    expect(parse(kubeletConfig(timersOf({ profile: "fast" })))).toEqual({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      nodeLeaseDurationSeconds: 2,
    });
  });
});
