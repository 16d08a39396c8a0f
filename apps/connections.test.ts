import { describe, expect, it } from "vitest";

import { connections, GROUPS } from "./connections.ts";
import { policyOf, type Connection } from "./network-policy.ts";

const table = connections({ podRange: "10.42.0.0/16", apiServer: "10.101.0.1" });

describe("the policy of a group of pods", () => {
  it("lets the database be reached by the website alone, and reach nothing", () => {
    expect(policyOf(GROUPS.database, table)).toEqual({
      podSelector: { matchLabels: { app: "database" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { app: "website" } } }],
          ports: [{ protocol: "TCP", port: 5432 }],
        },
      ],
    });
  });

  it("lets the website be reached by the whole cluster on its port, and reach database and DNS", () => {
    expect(policyOf(GROUPS.website, table)).toEqual({
      podSelector: { matchLabels: { app: "website" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [{ ipBlock: { cidr: "10.42.0.0/16" } }],
          ports: [{ protocol: "TCP", port: 8080 }],
        },
      ],
      egress: [
        {
          to: [{ podSelector: { matchLabels: { app: "database" } } }],
          ports: [{ protocol: "TCP", port: 5432 }],
        },
        {
          to: [
            {
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
              podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
            },
          ],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
      ],
    });
  });

  it.each(["descheduler", "dashboard"] as const)(
    "lets the %s reach the API server alone",
    (name) => {
      const { ingress, egress } = policyOf(GROUPS[name], table);
      expect(ingress).toBeUndefined();
      expect(egress).toEqual([
        {
          to: [{ ipBlock: { cidr: "10.101.0.1/32" } }],
          ports: [{ protocol: "TCP", port: 6443 }],
        },
      ]);
    },
  );

  it("has a rule at both ends of a connection between two groups", () => {
    const both: Connection[] = [
      { from: GROUPS.dashboard, to: GROUPS.database, port: 1, protocol: "TCP" },
    ];
    const peer = (namespace: string, app: string): object => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      podSelector: { matchLabels: { app } },
    });
    const ports = [{ protocol: "TCP", port: 1 }];
    expect(policyOf(GROUPS.dashboard, both)).toMatchObject({
      egress: [{ to: [peer("website", "database")], ports }],
    });
    expect(policyOf(GROUPS.database, both)).toMatchObject({
      ingress: [{ from: [peer("dashboard", "dashboard")], ports }],
    });
  });

  it("lets nodes in as well where pods see them by their own addresses", () => {
    const cluster = {
      ...{ podRange: "10.42.0.0/16", apiServer: "10.101.0.1", nodeRange: "10.101.0.0/16" },
    };
    const { ingress } = policyOf(GROUPS.website, connections(cluster));
    const ports = [{ protocol: "TCP", port: 8080 }];
    expect(ingress).toEqual([
      { from: [{ ipBlock: { cidr: "10.42.0.0/16" } }], ports },
      { from: [{ ipBlock: { cidr: "10.101.0.0/16" } }], ports },
    ]);
    expect(policyOf(GROUPS.database, connections(cluster))).toEqual(
      policyOf(GROUPS.database, table),
    );
  });
});
