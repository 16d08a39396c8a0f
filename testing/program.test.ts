import { readFileSync } from "node:fs";

import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { estimate, PRICES } from "../policy/cost.ts";
import { namespacesDenyByDefault } from "../policy/isolation.ts";
import { APPS } from "../apps/index.ts";
import { schemasOf } from "../config/schema.ts";
import { objectsHaveOneOwner } from "../policy/objects.ts";
import { value } from "./engine.ts";
import { declareFog, HOST_KEY, SUM, type DeclaredFog } from "./fog.ts";

let fog: DeclaredFog;

beforeAll(async () => {
  // Where a stale one is named, a plan is made all the same.
  process.env["SSH_AUTH_SOCK"] = "/nonexistent/agent";
  const settings = {
    edge: [
      { name: "raspberrypi", arch: "amd64", host: "192.0.2.99", hostKey: HOST_KEY },
      {
        ...{ name: "attic", arch: "amd64", host: "192.168.60.10", hostKey: HOST_KEY },
        ...{
          reach: "jump",
          jump: { host: "192.0.2.99", user: "pi", hostKey: HOST_KEY },
          lost: true,
        },
      },
      { name: "cabin", arch: "amd64", reach: "bundle" },
    ],
    descheduler: { image: `registry.k8s.io/descheduler/descheduler:v0.36.0@sha256:${SUM}` },
  };
  // As Pulumi runs it.
  fog = await declareFog(settings, async () => (await import("../index.ts")).default);
});

/** URNs of all that stands before a resource, by however many others. */
function everythingBefore(urn: string): ReadonlySet<string> {
  const found = new Set<string>();
  const follow = (each: string): void => {
    const resource = fog.registered.find((other) => other.urn === each);
    for (const next of resource?.dependencies ?? []) {
      if (!found.has(next)) {
        found.add(next);
        follow(next);
      }
    }
  };
  follow(urn);
  return found;
}

describe("the whole program", () => {
  it("registers the resources of the snapshot", () => {
    const names = new Map(fog.registered.map(({ urn, name }) => [urn, name]));
    const list = fog.registered.map(({ type, name, parent }) => {
      const below = parent === undefined ? "the stack" : names.get(parent);
      return `${type} ${name} of ${below ?? "nothing that is declared"}`;
    });
    expect(list.sort()).toMatchSnapshot();
  });

  it("makes every resource as part of a component, but for what holds for the whole stack", () => {
    const alone = fog.registered.filter(({ custom, parent }) => custom && parent === undefined);
    expect(alone.map(({ name }) => name).sort()).toEqual([
      "cluster",
      "fogline-record",
      "ingress-check",
      "website-default-deny",
      "website-namespace",
    ]);
  });

  it("records what components are given, but not whether they are protected, which changes nothing", () => {
    const components = fog.registered.filter(({ custom }) => !custom);
    const { inputs } = components.find(({ name }) => name === "WorkerNode") ?? { inputs: {} };
    expect(inputs).toMatchObject({ role: "agent", location: "eastus" });
    for (const each of components) {
      expect(Object.keys(each.inputs), each.name).not.toContain("protect");
    }
  });

  it("names the website by the worker's public address", async () => {
    const address = fog.one("WorkerNode-address");
    expect(address.type).toBe("azure-native:network:PublicIPAddress");
    expect(await value(pulumi.output(fog.outputs["websiteUrl"]))).toBe("http://192.0.2.18/");
  });

  it("keeps the kubeconfig secret and points it at the overlay", async () => {
    expect(await pulumi.isSecret(fog.outputs.kubeconfig)).toBe(true);
    expect(await value(fog.outputs.kubeconfig)).toContain("https://10.101.0.1:6443");
  });

  it("tells the Kubernetes provider which cluster it is by what no script prints", () => {
    const { inputs, propertyDependencies } = fog.one("cluster");
    const token = fog.one("k3s-token");
    expect(inputs["clusterIdentifier"]).toMatch(/^fogline-[0-9a-f]{16}$/);
    expect(propertyDependencies["clusterIdentifier"]).toEqual([token.urn]);
    expect(token.replaceWith).toEqual([fog.one("MasterNode-machine").urn]);
  });

  it("takes up objects that an interrupted update made, and fields that others own", () => {
    expect(fog.one("cluster").inputs).toMatchObject({
      enableServerSideApply: "true",
      upsertExistingObjects: "true",
      enablePatchForce: "true",
    });
  });

  it("calls each ConfigMap that it fills by its content, so that none is deleted to be changed", () => {
    const filled = fog.registered.filter(
      ({ type, inputs }) => type === "kubernetes:core/v1:ConfigMap" && inputs["data"] !== undefined,
    );
    expect(filled.length).toBeGreaterThan(0);
    for (const { name, inputs } of filled) {
      expect(inputs, name).toMatchObject({
        immutable: true,
        metadata: { name: expect.stringMatching(/-[0-9a-f]{10}$/) as string },
      });
    }
  });

  it("tells policies its budget by the record of its settings", () => {
    expect(estimate(fog.registered, PRICES).budget).toBe(200);
  });

  it("gives what scripts print, which a preview may not know, to scripts and to the kubeconfig alone", () => {
    const isScript = ({ type }: { type: string }): boolean => type.startsWith("command:");
    const scripts = new Set(fog.registered.filter(isScript).map(({ urn }) => urn));
    const fed = fog.registered
      .filter((resource) => !isScript(resource))
      .flatMap(({ name, propertyDependencies }) =>
        Object.entries(propertyDependencies)
          .filter(([, urns]) => urns.some((urn) => scripts.has(urn)))
          .map(([input]) => `${name} ${input}`),
      );
    expect(fed).toEqual(["cluster kubeconfig"]);
  });

  it("claims the name of every object that lies in no namespace, before it makes one", () => {
    const made = fog.registered
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ inputs }) => inputs as { kind: string; metadata: Record<string, string> })
      .filter(({ metadata }) => metadata["namespace"] === undefined)
      .map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata["name"] ?? ""}`);
    const claim = fog.one("cluster-claim");
    const names = /NAMES='([^']*)'/.exec(String(claim.inputs["stdin"]))?.[1] ?? "";
    expect(names.split(" ").sort()).toEqual(made.sort());
    expect(made.length).toBeGreaterThan(8);
    expect(fog.one("cluster").dependencies).toContain(claim.urn);
  });

  it("declares Kubernetes objects once each, in namespaces of its own", () => {
    expect(objectsHaveOneOwner.check(fog.registered)).toEqual([]);
  });

  it("opens SSH to the operator, WireGuard on the hub and the web on workers, nothing else", () => {
    const open = ["fogline-server-rules", "fogline-agent-rules"].map((name) =>
      (fog.one(name).inputs["securityRules"] as Record<string, unknown>[]).map(
        (rule) => `${String(rule["protocol"])} ${String(rule["destinationPortRange"])}`,
      ),
    );
    expect(open).toEqual([
      ["Tcp 22", "Udp 51820"],
      ["Tcp 22", "Tcp 80", "Tcp 443"],
    ]);
  });

  it("binds the website's spread over tiers alone, which leaves room for any number of pods", () => {
    const { spec } = fog.one("website-deployment").inputs as {
      spec: { template: { spec: { topologySpreadConstraints: Record<string, unknown>[] } } };
    };
    const binding = spec.template.spec.topologySpreadConstraints.filter(
      ({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule",
    );
    expect(binding.map(({ topologyKey }) => topologyKey)).toEqual(["tier"]);
  });

  it("gives the website's server its settings by a ConfigMap that is called by its content", () => {
    const { metadata, data, immutable } = fog.one("website-config").inputs as {
      metadata: { name: string; namespace: string };
      data: Record<string, string>;
      immutable: boolean;
    };
    expect(metadata.namespace).toBe("website");
    expect(metadata.name).toMatch(/^website-[0-9a-f]{10}$/);
    expect(immutable).toBe(true);
    const host = "database.website.svc.cluster.local";
    expect(data).toMatchObject({ PORT: "8080", DRAIN_SECONDS: "5", DATABASE_HOST: host });
    const { spec } = fog.one("website-deployment").inputs as {
      spec: { template: { spec: { containers: { env: { name: string }[]; envFrom: unknown }[] } } };
    };
    const [container] = spec.template.spec.containers;
    // Another name is another pod template: a change of the settings rolls the pods.
    expect(container?.envFrom).toEqual([{ configMapRef: { name: metadata.name } }]);
    expect(container?.env.map(({ name }) => name)).toEqual(["POD_NAME", "NODE_NAME"]);
  });

  it("lets Traefik send a POST twice by the route of the website alone, whose ballots carry ids", () => {
    const routes = fog.registered.filter(({ type }) => type.endsWith(":Ingress"));
    expect(routes.map(({ name }) => name)).toEqual(["website-route"]);
    const { metadata } = fog.one("website-route").inputs as {
      metadata: { annotations: Record<string, string> };
    };
    expect(metadata.annotations).toEqual({
      "traefik.ingress.kubernetes.io/router.middlewares": "try-another@file",
    });
    const traefik = JSON.stringify(fog.one("ingress-controller").inputs);
    expect(traefik).not.toMatch(/entrypoints\.\w+\.http\.middlewares/);
  });

  it("reaches the website where Traefik cannot start on a node: it awaits no pod, and looks last", () => {
    const { metadata } = fog.one("ingress-controller").inputs as {
      metadata: { annotations: Record<string, string> };
    };
    expect(metadata.annotations).toMatchObject({ "pulumi.com/skipAwait": "true" });
    const check = fog.one("ingress-check");
    const before = everythingBefore(check.urn);
    const deployed = fog.registered.filter(({ type }) => type.endsWith(":Deployment"));
    const names = deployed.map(({ name }) => name).sort();
    expect(names).toEqual(["dashboard-deployment", "descheduler-deployment", "website-deployment"]);
    for (const { name, urn } of [...deployed, fog.one("website-default-deny")]) {
      expect(before, name).toContain(urn);
    }
    const waiting = fog.registered.filter(({ urn }) => everythingBefore(urn).has(check.urn));
    expect(waiting.map(({ name }) => name)).toEqual([]);
  });

  it("denies by default in each of its namespaces, once what is needed is allowed", () => {
    const namespaces = fog.registered.filter(({ type }) => type.endsWith(":Namespace"));
    expect(namespaces.length).toBeGreaterThan(3);
    const declared = fog.registered;
    expect(namespacesDenyByDefault.check(declared)).toEqual([]);
  });

  it("pins every machine's host key", () => {
    const remote = fog.registered.filter(({ type }) => type === "command:remote:Command");
    expect(remote.length).toBeGreaterThan(0);
    for (const { name, inputs } of remote) {
      const connection = inputs["connection"] as Record<string, unknown>;
      expect(connection["hostKey"], name).toMatch(/^ssh-ed25519 /);
    }
  });

  it("would ask nothing of a lost device when it leaves, and everything of the others", () => {
    const retained = fog.registered.filter(({ retainOnDelete }) => retainOnDelete);
    const onAttic = fog.registered.filter(
      ({ type, inputs }) =>
        type === "command:remote:Command" &&
        (inputs["connection"] as { host: string }).host === "192.168.60.10",
    );
    expect(onAttic.length).toBeGreaterThan(2);
    expect(retained.map(({ name }) => name).sort()).toEqual(onAttic.map(({ name }) => name).sort());
  });

  it("makes nothing in the cloud, and nothing on a device, before every device passed its check", () => {
    const checks = fog.registered.filter(({ name }) => name.includes("-check-"));
    // Nobody can look a lost device over, nor one that joins by itself.
    expect(checks.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^raspberrypi-check-[0-9a-f]{8}$/),
    ]);
    for (const name of ["fogline-group", "raspberrypi-prepare", "attic-prepare"]) {
      expect(fog.one(name).dependencies, name).toContain(checks[0]?.urn);
    }
  });

  it("looks a device over as its user, once, and asks nothing of it when it leaves", () => {
    const [check] = fog.registered.filter(({ name }) => name.includes("-check-"));
    expect(check?.inputs["create"]).toBe("bash -s -- create");
    expect(check?.inputs["delete"]).toBeUndefined();
    const inputs = ["connection", "create", "update", "stdin", "logging"];
    expect([...(check?.ignoreChanges ?? [])].sort()).toEqual(inputs.sort());
    expect(check?.inputs["stdin"]).toContain("fogline:k3s.podRange 10.42.0.0/16");
  });

  it("reaches a device through its jump host, whose key is pinned too", () => {
    for (const name of ["attic-prepare", "attic-key", "attic-overlay", "attic-k3s"]) {
      expect(fog.one(name).inputs["connection"]).toMatchObject({
        host: "192.168.60.10",
        proxy: { host: "192.0.2.99", hostKey: HOST_KEY },
      });
    }
  });

  it("reaches a device that joined over the overlay, by the host key heard there", () => {
    const address = fog.outputs.overlay.find(({ name }) => name === "cabin")?.address;
    expect(address).toMatch(/^10\.101\.2\.\d+$/);
    for (const name of ["cabin-overlay", "cabin-prepare", "cabin-k3s"]) {
      expect(fog.one(name).inputs["connection"]).toMatchObject({
        host: address,
        user: "fogline",
        hostKey: "ssh-ed25519 AAAAC3Joined",
      });
    }
    expect(fog.registered.some(({ name }) => name === "cabin-key")).toBe(false);
  });

  it("keeps join bundles secret, and the bundle's key off the hub", async () => {
    const bundles = fog.outputs.joinBundles as pulumi.Output<Record<string, string>>;
    expect(await pulumi.isSecret(bundles)).toBe(true);
    const text = (await value(bundles))["cabin"] ?? "";
    const key = /^JOIN_KEY='([A-Za-z0-9+/]{43}=)'$/m.exec(text)?.[1] ?? "";
    expect(key).not.toBe("");
    // Both configurations have a mark for the key; scripts/conf.sh fills it in on the device.
    expect(text.match(/^PrivateKey = .*$/gm)).toEqual(Array(2).fill("PrivateKey = @PRIVATE_KEY@"));
    expect(fog.one("cabin-bundle").inputs["stdin"]).toContain(key);
    for (const name of ["cabin-invitation", "cabin-enrolment", "masternode-overlay"]) {
      expect(fog.one(name).inputs["stdin"], name).not.toContain(key);
    }
  });

  it("tells a hub that admits devices by itself the bundle's key and the device's address", async () => {
    const stdin = String(fog.one("cabin-invitation").inputs["stdin"]);
    const bundles = fog.outputs.joinBundles as pulumi.Output<Record<string, string>>;
    const text = (await value(bundles))["cabin"] ?? "";
    const address = /^Address = (10\.101\.2\.\d+)\/16$/m.exec(text)?.[1] ?? "none";
    expect(stdin).toContain(`\nADDRESS='${address}'\n`);
    expect(stdin).toMatch(/^KEY='[A-Za-z0-9+/]{43}='$/m);
  });

  it("keeps each secret sealed wherever it goes: connections, steps, objects and outputs", async () => {
    for (const { type, name, sealed } of fog.registered) {
      if (type === "command:remote:Command") {
        expect(sealed["connection"], name).toMatchObject({ privateKey: "[secret]" });
      }
    }
    const steps = [
      "masternode-k3s",
      "workernode-k3s",
      "raspberrypi-k3s",
      "cabin-k3s",
      "cabin-bundle",
    ];
    for (const name of steps) {
      expect(fog.one(name).sealed["stdin"], name).toBe("[secret]");
    }
    expect(fog.one("cluster").sealed["kubeconfig"]).toBe("[secret]");
    expect(fog.one("database-secret").sealed["stringData"]).toEqual({ password: "[secret]" });
    expect(fog.one("masternode-k3s").additionalSecretOutputs).toContain("stdout");
    const secret = await Promise.all(
      Object.entries(fog.outputs).map(async ([name, output]) =>
        (await pulumi.isSecret(pulumi.output(output))) ? [name] : [],
      ),
    );
    expect(secret.flat().sort()).toEqual(["joinBundles", "kubeconfig"]);
  });

  it("records what the components of machines, overlay and cluster were given, no secret among it", () => {
    const components = fog.registered.filter(({ type }) =>
      /^fogline:(azure|edge|overlay|wireguard|k3s):/.test(type),
    );
    expect(components).toHaveLength(7);
    for (const { name, inputs, sealed } of components) {
      expect(Object.keys(inputs).length, name).toBeGreaterThan(1);
      expect(sealed, name).toEqual(inputs);
      expect(JSON.stringify(inputs), name).not.toMatch(/PRIVATE KEY|k3s-token|bundle-secret/);
    }
  });

  it("puts no secret into a command line", () => {
    const tokens = ["k3s-token-result", "K10aa::node:secret", "reader-token"];
    for (const { name, inputs } of fog.registered) {
      for (const field of ["create", "update", "delete"]) {
        for (const token of tokens) {
          expect(JSON.stringify(inputs[field] ?? ""), `${name} ${field}`).not.toContain(token);
        }
      }
    }
  });

  it("begins with the autoscaler's least number of pods and leaves it to the autoscaler", () => {
    const { inputs, ignoreChanges } = fog.one("website-deployment");
    expect(inputs["spec"]).toHaveProperty("replicas", 4);
    expect(ignoreChanges).toEqual(["spec.replicas"]);
    const scaler = fog.one("website-autoscaler").inputs["spec"] as Record<string, unknown>;
    expect(scaler).toMatchObject({ minReplicas: 4, maxReplicas: 10 });
  });

  it("gives the agents a token that lets agents join, over stdin", () => {
    expect(fog.one("raspberrypi-k3s").inputs["stdin"]).toContain("TOKEN='K10aa::node:secret'");
  });
});

describe("the stack files", () => {
  it.each(["lab", "dev"])("of %s name known sections only", (stack) => {
    const file = parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")) as {
      config: Record<string, unknown>;
    };
    for (const key of Object.keys(file.config)) {
      expect(Object.keys(schemasOf(APPS)).map((name) => `fogline:${name}`)).toContain(key);
    }
  });
});
