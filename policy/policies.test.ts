import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import type { Cost } from "./cost.ts";
import { sizesInsideBudget } from "./budget.ts";
import { publicAddressesAsPlanned } from "./network.ts";
import { planPolicies } from "./policies.ts";
import { violationsOf, type Declared } from "./policy.ts";

/** With one component that may take ports of its node. */
const POLICIES = planPolicies({ nodePorts: ["fogline:ingress:IngressController"] });
const DIGEST = `docker.io/library/postgres:17@sha256:${"0".repeat(64)}`;
const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----";

function declared(type: string, inputs: Record<string, unknown>, parents = ""): Declared {
  const path = parents === "" ? type : `${parents}$${type}`;
  return { urn: `urn:pulumi:dev::fogline::${path}::it`, type, name: "it", inputs };
}

function rules(...securityRules: Record<string, unknown>[]): Declared {
  return declared("azure-native:network:NetworkSecurityGroup", {
    securityRules: securityRules.map((rule) => ({
      name: "rule",
      direction: "Inbound",
      access: "Allow",
      protocol: "Tcp",
      ...rule,
    })),
  });
}

function machine(inputs: Record<string, unknown>): Declared {
  return declared("azure-native:compute:VirtualMachine", inputs);
}

function extension(inputs: Record<string, unknown>): Declared {
  return declared("azure-native:compute:VirtualMachineExtension", inputs);
}

function deployment(
  container: Record<string, unknown>,
  pod: Record<string, unknown> = {},
): Declared {
  const spec = { containers: [{ name: "main", ...container }], ...pod };
  return declared("kubernetes:apps/v1:Deployment", { spec: { template: { spec } } });
}

const osDisk = { managedDisk: { storageAccountType: "StandardSSD_LRS" } };
const userPod = { securityContext: { runAsNonRoot: true, runAsUser: 10001 } };
const noGain = { allowPrivilegeEscalation: false };
const lowPortBinder = {
  ...noGain,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
};
const enough = { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "128Mi" } };
const variable = (rest: object): Declared =>
  deployment({ env: [{ name: "DATABASE_PASSWORD", ...rest }] });
/** As K3s' registries.yaml has it. */
const LOGIN = 'configs:\n  ghcr.io:\n    auth:\n      password: "hush"\n      username: "ci"\n';
const secretKeyRef = { name: "database", key: "password" };

/** What each policy lets pass, and what it must find, by what the finding says. */
const CASES: Record<string, { passes: Declared[]; fails: [string, Declared][] }> = {
  "ssh-not-from-everywhere": {
    passes: [
      rules({ sourceAddressPrefixes: ["203.0.113.7/32"], destinationPortRange: "22" }),
      rules({ sourceAddressPrefix: "*", destinationPortRange: "22", access: "Deny" }),
      rules({ sourceAddressPrefix: "*", destinationPortRange: "22", direction: "Outbound" }),
      rules({ sourceAddressPrefix: UNKNOWN, destinationPortRange: "22" }),
    ],
    fails: [
      ["opens SSH", rules({ sourceAddressPrefix: "*", destinationPortRange: "22" })],
      ["opens SSH", rules({ sourceAddressPrefix: "Internet", destinationPortRanges: ["20-30"] })],
      [
        "opens SSH",
        rules({ sourceAddressPrefixes: ["1.2.3.4/32", "0.0.0.0/0"], destinationPortRange: "*" }),
      ],
      [
        "opens SSH",
        rules({ sourceAddressPrefix: "::/0", destinationPortRange: "22", protocol: "*" }),
      ],
    ],
  },
  "no-kubernetes-port-public": {
    passes: [
      rules({ sourceAddressPrefix: "VirtualNetwork", destinationPortRange: "6443" }),
      rules({ sourceAddressPrefix: "10.10.0.0/16", destinationPortRange: "*" }),
      rules({ sourceAddressPrefix: "*", destinationPortRange: "443" }),
      rules({ sourceAddressPrefix: "*", destinationPortRange: "8472", protocol: "Tcp" }),
    ],
    fails: [
      ["6443/tcp", rules({ sourceAddressPrefix: "*", destinationPortRange: "6443" })],
      [
        "10250/tcp",
        rules({ sourceAddressPrefix: "203.0.113.7/32", destinationPortRange: "10250" }),
      ],
      [
        "8472/udp",
        rules({ sourceAddressPrefix: "*", destinationPortRange: "8472", protocol: "Udp" }),
      ],
      ["2379/tcp", rules({ sourceAddressPrefix: "*", destinationPortRange: "2000-3000" })],
    ],
  },
  "public-addresses-as-planned": {
    passes: [
      declared("azure-native:network:PublicIPAddress", {}, "fogline:azure:Vm"),
      declared("azure-native:network:NetworkInterface", {
        networkSecurityGroup: { id: "group" },
        ipConfigurations: [{ publicIPAddress: { id: "address" } }],
      }),
      declared("kubernetes:core/v1:Service", { spec: { ports: [] } }),
      declared(
        "kubernetes:apps/v1:DaemonSet",
        { spec: { template: { spec: { hostNetwork: true } } } },
        "fogline:ingress:IngressController",
      ),
    ],
    fails: [
      ["no machine", declared("azure-native:network:PublicIPAddress", {})],
      ["no machine", declared("azure-native:network:LoadBalancer", {}, "fogline:azure:Network")],
      [
        "no security group",
        declared("azure-native:network:NetworkInterface", {
          ipConfigurations: [{ publicIPAddress: { id: "address" } }],
        }),
      ],
      ["type NodePort", declared("kubernetes:core/v1:Service", { spec: { type: "NodePort" } })],
      ["ports of its node", deployment({}, { hostNetwork: true })],
      ["ports of its node", deployment({ ports: [{ containerPort: 80, hostPort: 80 }] })],
    ],
  },
  "disks-encrypted": {
    passes: [
      machine({ storageProfile: { osDisk } }),
      machine({ storageProfile: { osDisk }, securityProfile: { encryptionAtHost: true } }),
      declared("azure-native:compute:Disk", {}),
    ],
    fails: [
      ["osDisk is no managed disk", machine({ storageProfile: { osDisk: { vhd: { uri: "x" } } } })],
      ["dataDisks.0", machine({ storageProfile: { osDisk, dataDisks: [{ lun: 0 }] } })],
      [
        "at the host",
        machine({ storageProfile: { osDisk }, securityProfile: { encryptionAtHost: false } }),
      ],
      [
        "disk encryption off",
        declared("azure-native:compute:Disk", { encryptionSettingsCollection: { enabled: false } }),
      ],
    ],
  },
  "resources-tagged": {
    passes: [
      declared("azure-native:resources:ResourceGroup", {
        tags: { project: "fogline", stack: "dev" },
      }),
      declared("azure-native:network:Subnet", {}),
      declared("kubernetes:core/v1:Namespace", {}),
    ],
    fails: [
      ["project, stack", declared("azure-native:resources:ResourceGroup", {})],
      ["no tag stack", machine({ tags: { project: "fogline" } })],
    ],
  },
  "images-by-digest": {
    passes: [deployment({ image: DIGEST }), deployment({ image: UNKNOWN })],
    fails: [
      ["postgres:17;", deployment({ image: "docker.io/library/postgres:17" })],
      [
        "setup",
        deployment({ image: DIGEST }, { initContainers: [{ name: "setup", image: "a:1" }] }),
      ],
    ],
  },
  "pods-have-limits": {
    passes: [deployment({ resources: enough })],
    fails: [
      ["limits.memory", deployment({ resources: { requests: enough.requests } })],
      ["requests.cpu, requests.memory", deployment({ resources: { limits: enough.limits } })],
      [
        "container job",
        declared("kubernetes:batch/v1:CronJob", {
          spec: {
            jobTemplate: { spec: { template: { spec: { containers: [{ name: "job" }] } } } },
          },
        }),
      ],
    ],
  },
  "pods-are-not-root": {
    passes: [
      deployment({ securityContext: noGain }, userPod),
      deployment({ securityContext: lowPortBinder }, { hostNetwork: true }),
    ],
    fails: [
      ["may run as root", deployment({ securityContext: noGain })],
      ["may run as root", deployment({ securityContext: lowPortBinder })],
      ["may run as root", deployment({ securityContext: { ...noGain, runAsUser: 0 } }, userPod)],
      ["gain privileges", deployment({}, userPod)],
      ["is privileged", deployment({ securityContext: { ...noGain, privileged: true } }, userPod)],
    ],
  },
  "no-plain-secret": {
    passes: [
      variable({ valueFrom: { secretKeyRef } }),
      deployment({ env: [{ name: "DATABASE_PASSWORD_FILE", value: "/run/secrets/password" }] }),
      declared("command:remote:Command", { stdin: KEY, connection: { privateKey: KEY } }),
      declared("kubernetes:core/v1:Secret", { stringData: { key: KEY } }),
      declared("kubernetes:core/v1:ConfigMap", { data: { "dynamic.yaml": "http: {}" } }),
      extension({ settings: { commandToExecute: "cat /etc/ssh/ssh_host_ed25519_key.pub" } }),
      extension({ protectedSettings: { commandToExecute: `echo '${KEY}'` } }),
    ],
    fails: [
      ["DATABASE_PASSWORD", variable({ value: "hunter2" })],
      ["a private key", declared("command:remote:Command", { create: `echo '${KEY}'` })],
      ["a K3s token", declared("command:local:Command", { triggers: ["K10aa11::server:abc"] })],
      [
        "a WireGuard private key",
        declared("command:local:Command", { create: `JOIN_KEY='${"A".repeat(43)}='` }),
      ],
      [
        "data.password",
        declared("kubernetes:core/v1:ConfigMap", { data: { password: "hunter2" } }),
      ],
      ["a private key", machine({ osProfile: { customData: KEY } })],
      ["a private key", extension({ settings: { commandToExecute: `echo '${KEY}'` } })],
      ["a login to a registry", declared("command:remote:Command", { create: `echo '${LOGIN}'` })],
      [
        "a login to a registry",
        declared("kubernetes:core/v1:ConfigMap", {
          data: { "config.json": '{"auths": {"ghcr.io": {"auth": "Y2k6aHVzaA=="}}}' },
        }),
      ],
    ],
  },
  "secrets-are-marked": {
    passes: [
      declared("kubernetes:core/v1:Secret", {
        stringData: { password: "[secret:0123456789abcdef]" },
      }),
      declared("command:remote:Command", { stdin: "NODE='a'" }),
    ],
    fails: [
      [
        "stringData.password",
        declared("kubernetes:core/v1:Secret", { stringData: { password: "hunter2" } }),
      ],
      [
        "connection.privateKey",
        declared("command:remote:Command", { connection: { privateKey: KEY } }),
      ],
      [
        "protectedSettings.commandToExecute",
        extension({ protectedSettings: { commandToExecute: `echo '${KEY}'` } }),
      ],
      ["stdin holds a login to a registry", declared("command:remote:Command", { stdin: LOGIN })],
    ],
  },
};

describe.each(POLICIES.map((policy) => [policy.name, policy] as const))("%s", (name, policy) => {
  const cases = CASES[name];

  it("has cases that pass and cases that fail", () => {
    expect(cases?.passes.length).toBeGreaterThan(0);
    expect(cases?.fails.length).toBeGreaterThan(0);
  });

  it.each((cases?.passes ?? []).map((resource, n) => [n + 1, resource] as const))(
    "lets case %i pass",
    (_, resource) => {
      expect(policy.check(resource)).toEqual([]);
    },
  );

  it.each(cases?.fails ?? [])("says %s", (text, resource) => {
    expect(policy.check(resource).join("\n")).toContain(text);
  });
});

it("lets pods take ports of their nodes only in components that are exempt", () => {
  const pods = declared(
    "kubernetes:apps/v1:DaemonSet",
    { spec: { template: { spec: { hostNetwork: true } } } },
    "fogline:hello:Hello",
  );
  const allowed = (...nodePorts: string[]): boolean =>
    publicAddressesAsPlanned({ nodePorts }).check(pods).length === 0;
  expect(allowed()).toBe(false);
  expect(allowed("fogline:ingress:IngressController")).toBe(false);
  expect(allowed("fogline:ingress:IngressController", "fogline:hello:Hello")).toBe(true);
});

describe("the budget", () => {
  const bill: Cost = {
    source: "a test",
    date: "2026-01-01",
    currency: "USD",
    lines: [
      { urn: "a", item: "a: small", monthly: 10 },
      { urn: "b", item: "b: large", monthly: 91 },
    ],
    monthly: 101,
    missing: [],
  };

  it("is kept by a bill of just as much", () => {
    expect(sizesInsideBudget.check({ ...bill, budget: 101 })).toEqual([]);
  });

  it("is broken by more; the dearest thing is named first", () => {
    expect(sizesInsideBudget.check({ ...bill, budget: 100 }).join()).toMatch(
      /101.00 USD.*100.00 USD.*b: large/,
    );
  });

  it("is not checked where a table sets none", () => {
    expect(sizesInsideBudget.check(bill)).toEqual([]);
  });
});

it("names the policy and the resource of each violation", () => {
  const found = violationsOf(POLICIES, [declared("azure-native:network:PublicIPAddress", {})]);
  expect(found.map(({ policy, name }) => `${policy} ${name}`)).toEqual([
    "public-addresses-as-planned it",
    "resources-tagged it",
  ]);
});
