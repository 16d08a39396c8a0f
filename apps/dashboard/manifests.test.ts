import type * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";

import { connections } from "../connections.ts";
import { dashboardManifests, inOrder } from "./manifests.ts";
import { OPERATOR_RULES, VIEWER_RULES } from "./roles.ts";

const KINDS = ["headlamp", "kubernetes-dashboard"] as const;
const manifestsOf = (kind: (typeof KINDS)[number]): ReturnType<typeof dashboardManifests> =>
  dashboardManifests({
    kind,
    connections: connections({ podRange: "10.42.0.0/16", apiServer: "10.101.0.1" }),
  });

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

function podOf(kind: (typeof KINDS)[number]): k8s.types.input.core.v1.PodSpec {
  const spec = manifestsOf(kind).deployment.spec as k8s.types.input.apps.v1.DeploymentSpec;
  const template = spec.template as k8s.types.input.core.v1.PodTemplateSpec;
  return template.spec as k8s.types.input.core.v1.PodSpec;
}

describe.each(KINDS)("the manifests of %s", (kind) => {
  it("put the pod on cloud nodes and allow the control plane", () => {
    const { affinity, tolerations } = podOf(kind);
    expect(affinity).toMatchObject({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "tier", operator: "In", values: ["cloud"] }] },
          ],
        },
      },
    });
    expect(tolerations).toEqual([{ key: "CriticalAddonsOnly", operator: "Exists" }]);
  });

  it("harden every container and probe it", () => {
    const { containers, securityContext } = podOf(kind);
    expect(securityContext).toMatchObject({ runAsNonRoot: true });
    const list = containers as readonly k8s.types.input.core.v1.Container[];
    expect(list.length).toBeGreaterThan(0);
    for (const container of list) {
      expect(container.image).toMatch(/@sha256:[0-9a-f]{64}$/);
      expect(container).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        resources: {
          limits: { memory: /^\d+Mi$/.exec("256Mi") && (expect.any(String) as string) },
        },
        readinessProbe: { httpGet: { path: "/" } },
        livenessProbe: { httpGet: { path: "/" } },
      });
    }
  });

  it("open nothing: a ClusterIP, no Ingress, no way in by NetworkPolicy", () => {
    const { service, networkPolicies } = manifestsOf(kind);
    expect(service.spec).toMatchObject({ type: "ClusterIP" });
    expect(networkPolicies.map(({ metadata }) => metadata.name)).toContain("default-deny");
    for (const { spec } of networkPolicies) {
      expect(spec).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
      expect(spec).not.toHaveProperty("ingress");
    }
    const text = JSON.stringify(inOrder(manifestsOf(kind)));
    expect(text).not.toMatch(/"kind":"Ingress"|NodePort|LoadBalancer|hostPort|hostNetwork/);
  });

  it("make no token that outlives its use", () => {
    const { accounts, secrets } = manifestsOf(kind);
    expect(JSON.stringify(secrets)).not.toContain("service-account-token");
    const people = accounts.filter(({ metadata }) => metadata.name !== "dashboard");
    expect(people.map(({ metadata }) => metadata.name)).toEqual([
      "dashboard-viewer",
      "dashboard-operator",
    ]);
    expect(people.every((each) => each.automountServiceAccountToken === false)).toBe(true);
  });

  it("give the pod's own account no part of what a person may do", () => {
    const { clusterBindings } = manifestsOf(kind);
    const ofPod = clusterBindings.filter((each) =>
      JSON.stringify(each.subjects).includes('"name":"dashboard"'),
    );
    expect(ofPod.map(({ metadata }) => metadata.name)).toEqual(
      kind === "headlamp" ? [] : ["dashboard-scraper"],
    );
  });

  it("name no object twice and the namespace first", () => {
    const objects = inOrder(manifestsOf(kind)) as readonly { kind: string; metadata: object }[];
    const names = objects.map((each) => `${each.kind} ${JSON.stringify(each.metadata)}`);
    expect(new Set(names).size).toBe(names.length);
    expect(objects[0]?.kind).toBe("Namespace");
    expect(objects.length).toBe(kind === "headlamp" ? 12 : 19);
  });
});

describe("the roles", () => {
  const resources = (rules: readonly unknown[]): string[] =>
    (rules as readonly Rule[]).flatMap((rule) => rule.resources);

  it("let a viewer only read", () => {
    for (const { verbs } of VIEWER_RULES as readonly Rule[]) {
      expect(verbs).toEqual(["get", "list", "watch"]);
    }
    expect(resources(VIEWER_RULES)).toEqual(expect.arrayContaining(["nodes", "pods", "events"]));
  });

  it("show nobody a Secret and give nobody a shell or a token", () => {
    for (const resource of resources([...VIEWER_RULES, ...OPERATOR_RULES])) {
      expect(resource).not.toMatch(
        /^(secrets|configmaps|serviceaccounts.*|nodes\/proxy|pods\/(exec|attach|portforward)|\*)$/,
      );
    }
  });

  it("let the operator change no pod template", () => {
    const changes = (OPERATOR_RULES as readonly Rule[]).filter(({ verbs }) =>
      verbs.some((verb) => ["create", "update", "patch"].includes(verb)),
    );
    expect(resources(changes)).toEqual([
      "pods/eviction",
      "nodes",
      "deployments/scale",
      "statefulsets/scale",
    ]);
  });
});
