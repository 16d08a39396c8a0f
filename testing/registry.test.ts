/** The program where an image is built from this checkout. */
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { exemptionsOf } from "../apps/exemptions.ts";
import { orderOf } from "../apps/registry/context.ts";
import { BASES } from "../apps/registry/images.ts";
import type { AppImage } from "../apps/images.ts";
import { APPS } from "../apps/index.ts";
import { namespacesDenyByDefault } from "../policy/isolation.ts";
import { objectsHaveOneOwner } from "../policy/objects.ts";
import { policies } from "../policy/policies.ts";
import { violationsOf } from "../policy/policy.ts";
import { value } from "./engine.ts";
import { declareFog, HOST_KEY, type DeclaredFog } from "./fog.ts";

let fog: DeclaredFog;

beforeAll(async () => {
  fog = await declareFog({
    edge: [{ name: "raspberrypi", arch: "arm64", host: "192.0.2.99", hostKey: HOST_KEY }],
    k3s: {
      version: "v1.36.3+k3s1",
      sha256: { amd64: "1".repeat(64), arm64: "2".repeat(64) },
      mirrors: { "docker.io": ["http://192.0.2.10:5000"] },
    },
    website: { image: "build" },
  });
});

const stdin = (name: string): string => String(fog.one(name).inputs["stdin"]);
const json = (name: string): string => JSON.stringify(fog.one(name).inputs);

describe("an image that is built from this checkout", () => {
  it("is built for the processor of every node, from the sources, as a part of the registry", () => {
    const { parent, type } = fog.one("registry-website-image");
    expect(type).toBe("command:local:Command");
    expect(parent).toBe(fog.one("registry").urn);
    const order = orderOf(APPS.website.images?.image as AppImage, {
      bases: BASES,
      archs: ["amd64", "arm64"],
    });
    expect(stdin("registry-website-image")).toContain(JSON.stringify(order));
  });

  it("is put in once the registry answers", () => {
    const { dependencies } = fog.one("registry-website-image");
    expect(dependencies).toContain(fog.one("registry-service").urn);
    expect(fog.one("registry-service").dependencies).toContain(fog.one("registry-server").urn);
  });

  it("is named by digest in the pods, which wait for it", () => {
    expect(json("website-deployment")).toMatch(
      /"image":"images\.fogline\.internal\/website@sha256:[0-9a-f]{64}"/,
    );
    const { propertyDependencies } = fog.one("website-deployment");
    expect(propertyDependencies["spec"]).toContain(fog.one("registry-website-image").urn);
  });

  it("is told with its digest as an output, which is none of the secrets", async () => {
    const output = pulumi.output(fog.outputs["builtImages"]);
    expect(await pulumi.isSecret(output)).toBe(false);
    expect(await value(output)).toEqual({
      "images.fogline.internal/website": {
        digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as unknown,
        // The step that stands in for the real one tells none, as steps of earlier versions.
        bytes: {},
      },
    });
  });

  it("is looked for anew where a cloud worker or the registry's volume is another one", () => {
    const text = stdin("registry-website-image");
    expect(text).toMatch(/^DISKS='[0-9a-f]{64}'$/m);
    expect(text).toMatch(/^VOLUME='.*'$/m);
  });

  it("is pulled from an address that every node knows, beside the mirrors of the settings", () => {
    for (const node of ["masternode", "workernode", "raspberrypi"]) {
      expect(stdin(`${node}-k3s`)).toContain("http://10.43.0.15:5000");
      expect(stdin(`${node}-k3s`)).toContain("http://192.0.2.10:5000");
    }
    expect(fog.one("registry-service").inputs).toMatchObject({ spec: { clusterIP: "10.43.0.15" } });
  });

  it("travels with a kubeconfig that stays secret, while its digest is none", () => {
    const { inputs, sealed } = fog.one("registry-website-image");
    expect(inputs["stdin"]).toContain("https://10.101.0.1:6443");
    expect(JSON.stringify(sealed)).not.toContain("https://10.101.0.1:6443");
    expect(JSON.stringify(fog.one("website-deployment").sealed)).toContain(
      "images.fogline.internal/website@sha256:",
    );
  });
});

describe("the registry", () => {
  it("runs unprivileged in the cloud, keeps its images on a volume, and has bounds", () => {
    const { spec } = fog.one("registry-server").inputs as {
      spec: { template: { spec: Record<string, unknown> } };
    };
    expect(spec.template.spec).toMatchObject({
      nodeSelector: { tier: "cloud" },
      securityContext: { runAsNonRoot: true },
      containers: ["pull", "push"].map((name) => ({
        name,
        image: expect.stringMatching(/^docker\.io\/library\/registry:3\.0\.0@sha256:/) as unknown,
        resources: { limits: { memory: "256Mi" } },
        securityContext: { readOnlyRootFilesystem: true },
      })),
    });
    expect(json("registry-volume")).toContain('"storage":"10Gi"');
  });

  it("lets nodes pull, and nobody write over the network", () => {
    const { spec } = fog.one("registry-policy").inputs as { spec: Record<string, unknown> };
    expect(spec).toEqual({
      podSelector: { matchLabels: { app: "registry" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [{ ipBlock: { cidr: "10.42.0.0/16" } }],
          ports: [{ protocol: "TCP", port: 5000 }],
        },
      ],
    });
  });

  it("keeps every policy", () => {
    expect(violationsOf(policies(exemptionsOf(APPS)), fog.registered)).toEqual([]);
    expect(namespacesDenyByDefault.check(fog.registered)).toEqual([]);
    expect(objectsHaveOneOwner.check(fog.registered)).toEqual([]);
  });
});
