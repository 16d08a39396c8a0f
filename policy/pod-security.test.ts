import { describe, expect, it } from "vitest";

import type { Declared } from "./policy.ts";
import { podsFitTheirNamespace } from "./pod-security.ts";

const CONTAINER = {
  name: "app",
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
};
const POD = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  containers: [CONTAINER],
  volumes: [{ name: "password", secret: { secretName: "password" } }],
};

function declared(type: string, name: string, inputs: Record<string, unknown>): Declared {
  return { urn: `urn:pulumi:dev::fogline::${type}::${name}`, type, name, inputs };
}

function namespace(level?: string): Declared {
  const labels = level === undefined ? {} : { "pod-security.kubernetes.io/enforce": level };
  return declared("kubernetes:core/v1:Namespace", "a-namespace", {
    metadata: { name: "a", labels },
  });
}

function deployment(pod: object, where = "a"): Declared {
  return declared("kubernetes:apps/v1:Deployment", "app", {
    metadata: { name: "app", namespace: where },
    spec: { template: { spec: pod } },
  });
}

/** What is wrong, by the first words of each. */
const found = (level: string, pod: object, where = "a"): string[] =>
  podsFitTheirNamespace
    .check([namespace(level), deployment(pod, where)])
    .map(({ message }) => message.replace(/^its pod (.*?), which the namespace.*$/, "$1"));
const container = (securityContext: object, more: object = {}): object => ({
  ...POD,
  containers: [
    {
      ...CONTAINER,
      ...more,
      securityContext: { ...CONTAINER.securityContext, ...securityContext },
    },
  ],
});

describe("pods-fit-their-namespace", () => {
  it("lets a pod pass that the strictest level allows", () => {
    expect(found("restricted", POD)).toEqual([]);
  });

  it.each<readonly [string, object]>([
    ["has hostNetwork", { ...POD, hostNetwork: true }],
    ["has hostPID", { ...POD, hostPID: true }],
    ["volume root is a hostPath", { ...POD, volumes: [{ name: "root", hostPath: { path: "/" } }] }],
    ["container app has a hostPort", container({}, { ports: [{ hostPort: 80 }] })],
    ["container app is privileged", container({ privileged: true })],
    [
      "container app adds capabilities",
      container({ capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } }),
    ],
    ["container app has another procMount", container({ procMount: "Unmasked" })],
  ])("refuses under baseline and restricted what %s", (words, pod) => {
    expect(found("baseline", pod)).toEqual([words]);
    expect(found("restricted", pod)).toEqual([words]);
    expect(found("privileged", pod)).toEqual([]);
  });

  it.each<readonly [string, object]>([
    [
      "volume x is of a kind that is not allowed",
      { ...POD, volumes: [{ name: "x", nfs: { server: "x" } }] },
    ],
    [
      "container app may gain privileges (allowPrivilegeEscalation)",
      container({ allowPrivilegeEscalation: undefined }),
    ],
    ["container app may be root (runAsNonRoot, runAsUser)", container({ runAsUser: 0 })],
    ["container app may be root (runAsNonRoot, runAsUser)", container({ runAsNonRoot: false })],
    ["container app has no seccompProfile", { ...POD, securityContext: { runAsNonRoot: true } }],
    [
      "container app keeps capabilities (capabilities.drop: [ALL])",
      container({ capabilities: { drop: ["NET_RAW"] } }),
    ],
    [
      "container app adds a capability",
      container({ capabilities: { drop: ["ALL"], add: ["CHOWN"] } }),
    ],
  ])("refuses under restricted alone what %s", (words, pod) => {
    expect(found("restricted", pod)).toEqual([words]);
    expect(found("baseline", pod)).toEqual([]);
  });

  it("looks at containers that only run at a pod's start as well", () => {
    const pod = { ...POD, initContainers: [{ name: "first" }] };
    expect(found("restricted", pod)).toContain(
      "container first may gain privileges (allowPrivilegeEscalation)",
    );
  });

  it.each([undefined, "strict"])("wants a level of each namespace, not %s", (level) => {
    expect(podsFitTheirNamespace.check([namespace(level)])).toEqual([
      { name: "a-namespace", message: expect.stringContaining("enforce: restricted") as string },
    ]);
  });

  it("leaves pods of namespaces alone that the stack does not declare", () => {
    expect(found("restricted", { ...POD, hostNetwork: true }, "kube-system")).toEqual([]);
  });
});
