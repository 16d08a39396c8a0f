import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { timersOf } from "../../config/failover.ts";
import { agentConfig, serverConfig } from "./config.ts";
import { ADMISSION_FILE, AUDIT_POLICY_FILE, hardeningValues } from "./hardening.ts";
import { SETTINGS } from "./testing/settings.ts";

const node = { node: "masternode", tier: "cloud", address: "10.101.0.1" } as const;

/** Arguments of a part of K3s, by name. */
function given(text: string, key: string): Record<string, string> {
  const entries = (parse(text) as Record<string, string[]>)[key] ?? [];
  return Object.fromEntries(
    entries.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]),
  );
}

describe("what K3s is told beyond its defaults", () => {
  const server = serverConfig(SETTINGS, node, timersOf({}));

  it("has requests written down, and old files removed", () => {
    expect(given(server, "kube-apiserver-arg")).toMatchObject({
      "audit-log-path": "/var/lib/rancher/k3s/server/logs/audit.log",
      "audit-log-maxage": "30",
      "audit-log-maxbackup": "10",
      "audit-log-maxsize": "100",
      "audit-policy-file": AUDIT_POLICY_FILE,
      "admission-control-config-file": ADMISSION_FILE,
    });
  });

  it("keeps what K3s enables by itself, which naming other plugins replaces", () => {
    const { "enable-admission-plugins": plugins = "" } = given(server, "kube-apiserver-arg");
    expect(plugins.split(",")).toContain("NodeRestriction");
  });

  it("leaves alone what K3s has as the benchmark wants it", () => {
    expect(given(server, "kube-apiserver-arg")).not.toHaveProperty("anonymous-auth");
    expect(given(server, "kubelet-arg")).not.toHaveProperty("anonymous-auth");
  });

  it("gives every node's kubelet the same bounds", () => {
    const agent = agentConfig(SETTINGS, "10.101.0.1", node, timersOf({}));
    expect(given(agent, "kubelet-arg")).toEqual(given(server, "kubelet-arg"));
    expect(given(agent, "kubelet-arg")).toMatchObject({
      "pod-max-pids": "4096",
      "streaming-connection-idle-timeout": "5m",
    });
    expect(given(agent, "kube-apiserver-arg")).toEqual({});
  });

  it("names encryption in a file of its own, which a cluster without it goes on without", () => {
    expect(parse(server)).not.toHaveProperty("secrets-encryption");
    expect(parse(hardeningValues("server", true)["ENCRYPTION"] ?? "")).toEqual({
      "secrets-encryption": true,
    });
    expect(hardeningValues("agent", true)).toMatchObject({ ENCRYPTION: "", AUDIT_POLICY: "" });
  });

  it("asks nothing of a kernel that is shared with others", () => {
    expect(hardeningValues("agent", false)).toMatchObject({ SYSCTL: "", PROTECT_KERNEL: "" });
    expect(hardeningValues("agent", true)["SYSCTL"]).toContain("kernel.panic = 10\n");
  });
});

describe("the audit policy", () => {
  interface Rule {
    readonly level: string;
    readonly verbs?: readonly string[];
    readonly users?: readonly string[];
    readonly userGroups?: readonly string[];
    readonly nonResourceURLs?: readonly string[];
    readonly resources?: readonly { readonly group: string; readonly resources: string[] }[];
  }
  interface Asked {
    readonly verb: string;
    readonly group?: string;
    readonly resource: string;
    readonly user?: string;
    readonly groups?: readonly string[];
  }
  const { rules } = parse(hardeningValues("server", true)["AUDIT_POLICY"] ?? "") as {
    rules: readonly Rule[];
  };

  /** The level of the first rule that fits, as the API server finds it. */
  function levelOf({ verb, group = "", resource, user = "", groups = [] }: Asked): string {
    const rule = rules.find(
      (each) =>
        each.nonResourceURLs === undefined &&
        (each.verbs?.includes(verb) ?? true) &&
        (each.users?.includes(user) ?? true) &&
        (each.userGroups?.some((name) => groups.includes(name)) ?? true) &&
        (each.resources?.some(
          (those) => those.group === group && those.resources.includes(resource),
        ) ??
          true),
    );
    return rule?.level ?? "None";
  }
  const NODE = { user: "system:node:raspberrypi", groups: ["system:nodes"] };

  it.each<readonly [string, Asked]>([
    ["a Secret that is read", { verb: "get", resource: "secrets" }],
    ["a Secret that a node reads", { verb: "get", resource: "secrets", ...NODE }],
    [
      "a Secret that a part of the system reads",
      { verb: "list", resource: "secrets", user: "system:kube-scheduler" },
    ],
    ["a command in a container", { verb: "create", resource: "pods/exec" }],
    ["a way into a pod", { verb: "create", resource: "pods/portforward" }],
    ["a Deployment that changes", { verb: "patch", group: "apps", resource: "deployments" }],
    ["a pod that a controller makes", { verb: "create", resource: "pods" }],
    ["a token that is made", { verb: "create", resource: "serviceaccounts/token", ...NODE }],
    ["a node that is deleted by a node", { verb: "delete", resource: "nodes", ...NODE }],
  ])("writes down %s, without its content", (_what, asked) => {
    expect(levelOf(asked)).toBe("Metadata");
  });

  it.each<readonly [string, Asked]>([
    ["a lease", { verb: "update", group: "coordination.k8s.io", resource: "leases", ...NODE }],
    ["a heartbeat", { verb: "patch", resource: "nodes/status", ...NODE }],
    ["an event", { verb: "create", resource: "events" }],
    ["what a node watches", { verb: "watch", resource: "services", ...NODE }],
  ])("leaves out %s", (_what, asked) => {
    expect(levelOf(asked)).toBe("None");
  });
});
