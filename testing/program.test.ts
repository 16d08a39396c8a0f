import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { SECTION_NAMES } from "../config/schema.ts";
import type { Outputs } from "../stacks/fog.ts";
import { mockEngine, settled, value, type Registered } from "./engine.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-test-"));
const sum = "0".repeat(64);
const hostKey = "ssh-ed25519 AAAA";
let registered: readonly Registered[] = [];
let program: Outputs;

beforeAll(async () => {
  const sshKey = join(folder, "id_ed25519");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", sshKey]);
  registered = mockEngine({
    operator: { sshKey, folder },
    cloud: { arch: "amd64", sshFrom: ["198.51.100.2/32"] },
    edge: [
      { name: "raspberrypi", arch: "amd64", host: "192.0.2.99", hostKey },
      {
        ...{ name: "attic", arch: "amd64", host: "192.168.60.10", hostKey },
        ...{ reach: "jump", jump: { host: "192.0.2.99", user: "pi", hostKey }, lost: true },
      },
      { name: "cabin", arch: "amd64", reach: "bundle" },
    ],
    k3s: { version: "v1.36.3+k3s1", sha256: { amd64: sum } },
    website: { image: `docker.io/fogline/website@sha256:${sum}` },
    database: { image: `docker.io/library/postgres:17@sha256:${sum}` },
    ingress: { image: `docker.io/library/traefik:v3.7@sha256:${sum}` },
    descheduler: { image: `registry.k8s.io/descheduler/descheduler:v0.36.0@sha256:${sum}` },
  });
  program = (await import("../index.ts")).default;
  await settled();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function one(name: string): Registered {
  const found = registered.filter((resource) => resource.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] as Registered;
}

describe("the whole program", () => {
  it("registers the resources of the snapshot", () => {
    const list = registered.map(({ type, name }) => `${type} ${name}`).sort();
    expect(list).toMatchSnapshot();
  });

  it("names the website by the worker's public address", async () => {
    const address = one("WorkerNode-address");
    expect(address.type).toBe("azure-native:network:PublicIPAddress");
    expect(await value(program.websiteUrl)).toBe("http://192.0.2.18/");
  });

  it("keeps the kubeconfig secret and points it at the overlay", async () => {
    expect(await pulumi.isSecret(program.kubeconfig)).toBe(true);
    expect(await value(program.kubeconfig)).toContain("https://10.101.0.1:6443");
  });

  it("opens SSH to the operator, WireGuard on the hub and the web on workers, nothing else", () => {
    const open = ["fogline-server-rules", "fogline-agent-rules"].map((name) =>
      (one(name).inputs["securityRules"] as Record<string, unknown>[]).map(
        (rule) => `${String(rule["protocol"])} ${String(rule["destinationPortRange"])}`,
      ),
    );
    expect(open).toEqual([
      ["Tcp 22", "Udp 51820"],
      ["Tcp 22", "Tcp 80", "Tcp 443"],
    ]);
  });

  it("binds the website's spread over tiers alone, which leaves room for any number of pods", () => {
    const { spec } = one("website-deployment").inputs as {
      spec: { template: { spec: { topologySpreadConstraints: Record<string, unknown>[] } } };
    };
    const binding = spec.template.spec.topologySpreadConstraints.filter(
      ({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule",
    );
    expect(binding.map(({ topologyKey }) => topologyKey)).toEqual(["tier"]);
  });

  it("pins every machine's host key", () => {
    const remote = registered.filter(({ type }) => type === "command:remote:Command");
    expect(remote.length).toBeGreaterThan(0);
    for (const { name, inputs } of remote) {
      const connection = inputs["connection"] as Record<string, unknown>;
      expect(connection["hostKey"], name).toMatch(/^ssh-ed25519 /);
    }
  });

  it("would ask nothing of a lost device when it leaves, and everything of the others", () => {
    const retained = registered.filter(({ retainOnDelete }) => retainOnDelete);
    const onAttic = registered.filter(
      ({ type, inputs }) =>
        type === "command:remote:Command" &&
        (inputs["connection"] as { host: string }).host === "192.168.60.10",
    );
    expect(onAttic.length).toBeGreaterThan(2);
    expect(retained.map(({ name }) => name).sort()).toEqual(onAttic.map(({ name }) => name).sort());
  });

  it("reaches a device through its jump host, whose key is pinned too", () => {
    for (const name of ["attic-prepare", "attic-key", "attic-overlay", "attic-k3s"]) {
      expect(one(name).inputs["connection"]).toMatchObject({
        host: "192.168.60.10",
        proxy: { host: "192.0.2.99", hostKey },
      });
    }
  });

  it("reaches a device that joined over the overlay, by the host key heard there", () => {
    const address = program.overlay.find(({ name }) => name === "cabin")?.address;
    expect(address).toMatch(/^10\.101\.2\.\d+$/);
    for (const name of ["cabin-overlay", "cabin-prepare", "cabin-k3s"]) {
      expect(one(name).inputs["connection"]).toMatchObject({
        host: address,
        user: "fogline",
        hostKey: "ssh-ed25519 AAAAC3Joined",
      });
    }
    expect(registered.some(({ name }) => name === "cabin-key")).toBe(false);
  });

  it("keeps join bundles secret, and the bundle's key off the hub", async () => {
    const bundles = program.joinBundles as pulumi.Output<Record<string, string>>;
    expect(await pulumi.isSecret(bundles)).toBe(true);
    const text = (await value(bundles))["cabin"] ?? "";
    const key = /PrivateKey = ([A-Za-z0-9+/]{43}=)/.exec(text)?.[1] ?? "";
    expect(key).not.toBe("");
    expect(one("cabin-bundle").inputs["stdin"]).toContain(key);
    for (const name of ["cabin-invitation", "cabin-enrolment", "masternode-overlay"]) {
      expect(one(name).inputs["stdin"], name).not.toContain(key);
    }
  });

  it("puts no secret into a command line", () => {
    const tokens = ["k3s-token-result", "K10aa::server:secret"];
    for (const { name, inputs } of registered) {
      for (const field of ["create", "update", "delete"]) {
        for (const token of tokens) {
          expect(JSON.stringify(inputs[field] ?? ""), `${name} ${field}`).not.toContain(token);
        }
      }
    }
  });

  it("leaves the number of pods to the autoscaler", () => {
    const spec = one("website-deployment").inputs["spec"] as Record<string, unknown>;
    expect(spec).not.toHaveProperty("replicas");
    const scaler = one("website-autoscaler").inputs["spec"] as Record<string, unknown>;
    expect(scaler).toMatchObject({ minReplicas: 4, maxReplicas: 10 });
  });

  it("gives the agents the server's token over stdin", () => {
    expect(one("raspberrypi-k3s").inputs["stdin"]).toContain("TOKEN='K10aa::server:secret'");
  });
});

describe("the stack files", () => {
  it.each(["lab", "dev"])("of %s name known sections only", (stack) => {
    const file = parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")) as {
      config: Record<string, unknown>;
    };
    for (const key of Object.keys(file.config)) {
      expect(SECTION_NAMES.map((name) => `fogline:${name}`)).toContain(key);
    }
  });
});
