/** The program with each profile of the failover: what machines and pods are told, and in which order. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { declareFog, SUM, type DeclaredFog } from "./fog.ts";

interface PodTemplate {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly tolerations?: readonly { readonly tolerationSeconds?: number }[];
        readonly containers: readonly {
          readonly args?: readonly string[];
          readonly env?: readonly { readonly name: string; readonly value: string }[];
          readonly readinessProbe: { readonly periodSeconds: number };
        }[];
      };
    };
  };
}

/** The pods of a workload. */
function podOf(fog: DeclaredFog, name: string): PodTemplate["spec"]["template"]["spec"] {
  return (fog.one(name).inputs as unknown as PodTemplate).spec.template.spec;
}

/** How long pods of a workload stay bound to a lost node; none where they say nothing. */
function toleratedBy(fog: DeclaredFog, name: string): number[] {
  const { tolerations = [] } = podOf(fog, name);
  return tolerations.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
}

function stepsOf(fog: DeclaredFog): string[] {
  return fog.registered.map(({ name }) => name).filter((name) => name.includes("-k3s"));
}

const built = {
  website: { image: "build" },
  registry: { image: `docker.io/library/registry@sha256:${SUM}` },
};

describe("the program", () => {
  it("declares by default what it always did", async () => {
    const fog = await declareFog({});
    expect(stepsOf(fog)).toEqual(["masternode-k3s", "workernode-k3s"]);
    expect(toleratedBy(fog, "website-deployment")).toEqual([10, 10]);
    expect(toleratedBy(fog, "database-server")).toEqual([]);
    const config = fog.one("website-config").inputs["data"];
    expect(config).not.toHaveProperty("DATABASE_TIMEOUT_MS");
  });

  it("tells every part of the chain the profile fast, the server last", async () => {
    const fog = await declareFog({ failover: { profile: "fast" }, ...built });
    expect(stepsOf(fog)).toEqual(["masternode-k3s", "workernode-k3s", "masternode-k3s-settled"]);
    const settled = fog.one("masternode-k3s-settled");
    expect(settled.dependencies).toContain(fog.one("workernode-k3s").urn);
    const stdin = String(settled.inputs["stdin"]);
    expect(stdin).toContain("node-monitor-grace-period=5.5s");
    expect(stdin).toMatch(/^HOLD='?no'?$/m);
    expect(String(fog.one("masternode-k3s").inputs["stdin"])).toMatch(/^HOLD='?yes'?$/m);
    // What it was installed with, its own step takes away.
    expect(settled.inputs["delete"]).toBeUndefined();
    expect(toleratedBy(fog, "website-deployment")).toEqual([2, 2]);
    expect(podOf(fog, "website-deployment").containers[0]?.readinessProbe.periodSeconds).toBe(1);
    const [traefik] = podOf(fog, "ingress-controller").containers;
    expect(traefik?.args).toContain("--providers.providersthrottleduration=0.2s");
    expect(traefik?.env).toContainEqual({ name: "HTTP2_PING_TIMEOUT_SECONDS", value: "2" });
  });

  it("keeps pods with a volume on their node where others leave it early", async () => {
    const fog = await declareFog({ failover: { profile: "fast" }, ...built });
    expect(toleratedBy(fog, "database-server")).toEqual([300, 300]);
    expect(toleratedBy(fog, "registry-server")).toEqual([300, 300]);
  });

  it("leaves everything to K3s and Traefik in the profile stock, which routes do not notice", async () => {
    const fog = await declareFog({ failover: { profile: "stock" } });
    expect(stepsOf(fog)).toEqual(["masternode-k3s", "workernode-k3s"]);
    expect(podOf(fog, "ingress-controller").containers[0]?.args?.join(" ")).not.toMatch(
      /forwardingtimeouts|throttle/,
    );
    const { data } = fog.one("ingress-config").inputs as { data: Record<string, string> };
    const { http } = parse(data["dynamic.yaml"] ?? "") as { http: { middlewares: object } };
    const { metadata } = fog.one("website-route").inputs as {
      metadata: { annotations: Record<string, string> };
    };
    const [used = ""] = Object.values(metadata.annotations);
    expect(Object.keys(http.middlewares).map((name) => `${name}@file`)).toContain(used);
  });

  it("takes single timers beside a profile", async () => {
    const fog = await declareFog({
      failover: { profile: "fast", keepaliveSeconds: 20, databaseMs: 1500 },
    });
    expect(String(fog.one("workernode-overlay").inputs["stdin"])).toContain(
      "PersistentKeepalive = 20",
    );
    expect(fog.one("website-config").inputs["data"]).toHaveProperty("DATABASE_TIMEOUT_MS", "1500");
  });
});
