/** What `/etc/rancher/k3s/*.yaml` and download addresses hold: pure. */
import { stringify } from "yaml";

import { given, type Timers } from "../../config/failover.ts";
import { DEFAULT_BACKEND, type FlannelBackend } from "../../config/flannel.ts";
import type { Settings } from "../../config/schema.ts";
import type { Arch } from "../machine.ts";
import { API_SERVER, CONTROLLER_MANAGER, KUBELET } from "./hardening.ts";

/** What one node's K3s is told. */
export interface NodeConfig {
  readonly node: string;
  readonly tier: "cloud" | "edge";
  /** The node's address in the overlay. */
  readonly address: string;
  /** Network interface that leads to the other nodes; unset for that of the default route. */
  readonly interfaceName?: string | undefined;
}

/** Where an agent reads its token from: a 0600 file. */
export const TOKEN_FILE = "/etc/rancher/k3s/token";

/**
 * Where the server reads the agents' token from: a 0600 file. Its own, which may add servers, is made
 * by K3s and known to nobody else.
 */
export const AGENT_TOKEN_FILE = "/etc/rancher/k3s/agent-token";

/** Where flannel reads its configuration from. */
export const FLANNEL_FILE = "/etc/rancher/k3s/flannel.json";

/** The server's `config.yaml`. */
export function serverConfig(settings: Settings["k3s"], node: NodeConfig, timers: Timers): string {
  return dump({
    ...common(settings.flannelBackend, node, timers),
    ...backend(settings.flannelBackend),
    "agent-token-file": AGENT_TOKEN_FILE,
    "advertise-address": node.address,
    "tls-san": [node.address],
    "cluster-cidr": settings.podRange,
    "service-cidr": settings.serviceRange,
    // Kubelets are reached straight over the overlay, the Pi's behind its NAT included (k3s#5760).
    "egress-selector-mode": "disabled",
    "disable-cloud-controller": true,
    // Ingress is an app of ours, on the workers alone; no load balancer is bought or emulated.
    disable: ["servicelb", "traefik"],
    "write-kubeconfig-mode": "0600",
    "kube-apiserver-arg": [...API_SERVER, ...tolerationArguments(timers)],
    "kube-controller-manager-arg": [
      ...seconds("node-monitor-grace-period", given(timers, "graceSeconds")),
      ...seconds("node-monitor-period", given(timers, "monitorSeconds")),
      ...CONTROLLER_MANAGER,
    ],
    "node-taint": ["CriticalAddonsOnly=true:NoExecute"],
  });
}

/** An agent's `config.yaml`. */
export function agentConfig(
  settings: Pick<Settings["k3s"], "flannelBackend">,
  serverAddress: string,
  node: NodeConfig,
  timers: Timers,
): string {
  return dump({
    ...common(settings.flannelBackend, node, timers),
    "token-file": TOKEN_FILE,
    server: `https://${serverAddress}:6443`,
  });
}

/**
 * flannel's configuration: plain VXLAN or routes, as the overlay encrypts already; empty without flannel.
 *
 * Left to itself flannel takes the MTU of the interface that leads to the other nodes. That of a
 * machine which reaches them through another one's tunnel carries more than the tunnel. With `host-gw` it can be
 * told no other one (flannel, Documentation/backends.md), and every node is at an end of a tunnel.
 *
 * @param mtu largest packet inside the overlay, bytes
 */
export function flannelConfig(
  { podRange, flannelBackend }: Pick<Settings["k3s"], "podRange" | "flannelBackend">,
  mtu: number,
): string {
  if (flannelBackend === "none") {
    return "";
  }
  const config = {
    Network: podRange,
    EnableIPv4: true,
    EnableIPv6: false,
    Backend: { Type: flannelBackend, ...(flannelBackend === "vxlan" ? { MTU: mtu } : {}) },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Address of the K3s binary for a processor. */
export function downloadUrl(settings: Settings["k3s"], arch: Arch): string {
  return settings.download
    .replaceAll("{version}", encodeURIComponent(settings.version))
    .replaceAll("{suffix}", arch === "arm64" ? "-arm64" : "");
}

/**
 * A file of kubelet's folder of configurations, for what it has no argument for; empty where it has nothing to
 * say. K3s reads the folder since v1.32 (docs.k3s.io/installation/configuration).
 */
export function kubeletConfig(timers: Timers): string {
  const lease = given(timers, "leaseSeconds");
  return lease === undefined
    ? ""
    : dump({
        apiVersion: "kubelet.config.k8s.io/v1beta1",
        kind: "KubeletConfiguration",
        nodeLeaseDurationSeconds: lease,
      });
}

function tolerationArguments(timers: Timers): string[] {
  const tolerated = given(timers, "defaultTolerationSeconds");
  return tolerated === undefined
    ? []
    : ["not-ready", "unreachable"].map(
        (state) => `default-${state}-toleration-seconds=${tolerated}`,
      );
}

/** An argument that is a duration; none where the component's own value holds. */
function seconds(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`${name}=${value}s`];
}

/** What a server tells all nodes of the pods' network; nothing where it is K3s' own default. */
function backend(flannelBackend: FlannelBackend): Record<string, unknown> {
  return {
    ...(flannelBackend === DEFAULT_BACKEND ? {} : { "flannel-backend": flannelBackend }),
    // Networks that take flannel's place have controllers of their own (docs.k3s.io, Custom CNI).
    ...(flannelBackend === "none" ? { "disable-network-policy": true } : {}),
  };
}

function common(
  flannelBackend: FlannelBackend,
  node: NodeConfig,
  timers: Timers,
): Record<string, unknown> {
  const proxy = seconds("iptables-min-sync-period", given(timers, "proxySyncSeconds"));
  return {
    "node-name": node.node,
    "node-ip": node.address,
    ...(flannelBackend === "none"
      ? {}
      : {
          ...(node.interfaceName === undefined ? {} : { "flannel-iface": node.interfaceName }),
          "flannel-conf": FLANNEL_FILE,
        }),
    "node-label": [`tier=${node.tier}`],
    "kubelet-arg": [
      ...seconds("node-status-update-frequency", given(timers, "statusSeconds")),
      ...KUBELET,
    ],
    ...(proxy.length === 0 ? {} : { "kube-proxy-arg": proxy }),
  };
}

function dump(value: unknown): string {
  return stringify(value, { sortMapEntries: true });
}
