/** The whole program with an overlay of kind netmaker, against the mock engine. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Outputs } from "../stacks/fog.ts";
import { mockEngine, settled, value, type Registered } from "./engine.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-test-"));
const sum = "0".repeat(64);
let registered: readonly Registered[] = [];
let program: Outputs;

beforeAll(async () => {
  const sshKey = join(folder, "id_ed25519");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", sshKey]);
  registered = mockEngine({
    operator: { sshKey, folder },
    cloud: { arch: "amd64", sshFrom: ["198.51.100.2/32"] },
    edge: [{ name: "raspberrypi", arch: "amd64", host: "192.0.2.99", hostKey: "ssh-ed25519 AAAA" }],
    overlay: { kind: "netmaker" },
    netmaker: { server: { sha256: { amd64: sum } }, client: { sha256: { amd64: sum } } },
    k3s: { version: "v1.36.3+k3s1", sha256: { amd64: sum } },
    website: { image: `docker.io/fogline/website@sha256:${sum}` },
    database: { image: `docker.io/library/postgres:17@sha256:${sum}` },
    ingress: { image: `docker.io/library/traefik:v3.7@sha256:${sum}` },
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

function ofType(type: string): readonly Registered[] {
  return registered.filter((resource) => resource.type === `netmaker:index:${type}`);
}

describe("the whole program over Netmaker", () => {
  it("declares one host, two clients and one egress, which is the cloud's range (S0-24)", () => {
    expect(ofType("Host").map(({ inputs }) => inputs["name"])).toEqual(["masternode"]);
    expect(
      ofType("ExternalClient")
        .map(({ inputs }) => inputs["clientId"])
        .sort(),
    ).toEqual(["operator", "raspberrypi"]);
    expect(ofType("Egress").map(({ inputs }) => inputs["range"])).toEqual(["10.10.0.0/16"]);
  });

  it("opens SSH to the operator, WireGuard and the API on the hub, the web on workers", () => {
    const open = ["fogline-server-rules", "fogline-agent-rules"].map((name) =>
      (one(name).inputs["securityRules"] as Record<string, unknown>[]).map(
        (rule) =>
          `${String(rule["protocol"])} ${String(rule["destinationPortRange"])} ` +
          String(rule["sourceAddressPrefix"] ?? rule["sourceAddressPrefixes"]),
      ),
    );
    expect(open).toEqual([
      ["Tcp 22 198.51.100.2/32", "Udp 51820 *", "Tcp 443 198.51.100.2/32"],
      ["Tcp 22 198.51.100.2/32", "Tcp 80 *", "Tcp 443 *"],
    ]);
  });

  it("leads the cloud's machines to the overlay through the master, which alone forwards", () => {
    const route = registered.find(({ type }) => type === "azure-native:network:Route");
    expect(route?.inputs).toMatchObject({
      addressPrefix: "10.101.0.0/16",
      nextHopType: "VirtualAppliance",
      nextHopIpAddress: "10.10.1.4",
    });
    expect(one("MasterNode-card").inputs["enableIPForwarding"]).toBe(true);
    expect(one("WorkerNode-card").inputs["enableIPForwarding"]).toBeUndefined();
  });

  it("lets declared clients reach hub and cloud, and closes what lets everybody in", () => {
    const rules = ofType("AclRule").map(({ inputs }) => [inputs["name"], inputs["enabled"]]);
    expect(Object.fromEntries(rules)).toEqual({
      members: undefined,
    });
    expect(one("overlay-network").inputs["defaultRules"]).toBe(false);
  });

  it("gives K3s the hub's address, the worker's own and what the server gave the Pi", () => {
    const stdin = (name: string): string => String(one(name).inputs["stdin"]);
    expect(stdin("masternode-k3s")).toMatch(
      /flannel-iface: netmaker\n[^]*node-ip: 10\.101\.0\.1\n/,
    );
    expect(stdin("workernode-k3s")).toContain("node-ip: 10.10.1.4\n");
    expect(stdin("workernode-k3s")).not.toContain("flannel-iface");
    expect(stdin("raspberrypi-k3s")).toMatch(
      /flannel-iface: fogline0\n[^]*node-ip: 10\.101\.255\./,
    );
  });

  it("keeps token, password and configurations secret", async () => {
    expect(await pulumi.isSecret(program.kubeconfig)).toBe(true);
    expect(await value(program.kubeconfig)).toContain("https://10.101.0.1:6443");
    for (const name of ["masternode-netmaker", "masternode-overlay", "raspberrypi-overlay"]) {
      expect(JSON.stringify(one(name).sealed["stdin"]), name).toContain("[secret]");
    }
  });
});
