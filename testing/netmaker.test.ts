/** The whole program with an overlay of kind netmaker, against the mock engine. */
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { value, type Registered } from "./engine.ts";
import { declareFog, HOST_KEY, SUM, type DeclaredFog } from "./fog.ts";

const programs = { server: { sha256: { amd64: SUM } }, client: { sha256: { amd64: SUM } } };
let fog: DeclaredFog;

beforeAll(async () => {
  fog = await declareFog({
    edge: [
      { name: "raspberrypi", arch: "amd64", host: "192.0.2.99", hostKey: HOST_KEY },
      { name: "cabin", arch: "amd64", reach: "bundle" },
    ],
    cloud: { arch: "amd64", lab: true, sshFrom: ["198.51.100.2/32"], protect: true },
    overlay: { kind: "netmaker" },
    netmaker: programs,
  });
});

function ofType(type: string): readonly Registered[] {
  return fog.registered.filter((resource) => resource.type === `netmaker:index:${type}`);
}

describe("the whole program over Netmaker", () => {
  it("declares one host, clients outside the cloud, and one egress, the cloud's range (S0-24)", () => {
    expect(ofType("Host").map(({ inputs }) => inputs["name"])).toEqual(["masternode"]);
    expect(
      ofType("ExternalClient")
        .map(({ inputs }) => inputs["clientId"])
        .sort(),
    ).toEqual(["cabin", "join-cabin", "operator", "raspberrypi"]);
    expect(ofType("Egress").map(({ inputs }) => inputs["range"])).toEqual(["10.10.0.0/16"]);
  });

  it("opens SSH to the operator, WireGuard and the API on the hub, the web on workers", () => {
    const open = ["fogline-server-rules", "fogline-agent-rules"].map((name) =>
      (fog.one(name).inputs["securityRules"] as Record<string, unknown>[]).map(
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
    const route = fog.registered.find(({ type }) => type === "azure-native:network:Route");
    expect(route?.inputs).toMatchObject({
      addressPrefix: "10.101.0.0/16",
      nextHopType: "VirtualAppliance",
      nextHopIpAddress: "10.10.1.4",
    });
    expect(fog.one("MasterNode-card").inputs["enableIPForwarding"]).toBe(true);
    expect(fog.one("WorkerNode-card").inputs["enableIPForwarding"]).toBeUndefined();
  });

  it("protects the network, but nothing that goes with the move to another overlay", async () => {
    const isProtected = (name: string): boolean | undefined => fog.one(name).protect;
    expect(isProtected("fogline-subnet")).toBe(true);
    const plain = await declareFog({
      cloud: { arch: "amd64", lab: true, sshFrom: ["198.51.100.2/32"], protect: true },
      edge: [{ name: "raspberrypi", arch: "amd64", host: "192.0.2.99", hostKey: HOST_KEY }],
    });
    const kept = new Set(plain.registered.map(({ name }) => name));
    const goes = fog.registered.filter(({ name }) => !kept.has(name));
    expect(goes.map(({ name }) => name)).toContain("fogline-routes");
    expect(goes.filter(({ protect }) => protect).map(({ name }) => name)).toEqual([]);
  });

  it("lets declared clients reach hub and cloud, and closes what lets everybody in", () => {
    const rules = ofType("AclRule").map(({ inputs }) => [inputs["name"], inputs["enabled"]]);
    expect(Object.fromEntries(rules)).toEqual({
      members: undefined,
      "join-cabin": undefined,
      cabin: undefined,
    });
    expect(fog.one("overlay-network").inputs["defaultRules"]).toBe(false);
  });

  it("lets a device with a bundle reach the hub's enrolment alone, then the network by the key that it made", async () => {
    const [joining] = ofType("AclRule").filter(({ inputs }) => inputs["name"] === "join-cabin");
    expect(joining?.inputs).toMatchObject({
      from: [{ kind: "device", id: "join-cabin" }],
      to: [{ kind: "gateways" }],
      protocol: "tcp",
      ports: ["7471"],
    });
    // What its pods say to another device's goes to that device.
    expect(fog.one("cabin-rule").inputs["to"]).toEqual([
      { kind: "gateways" },
      { kind: "egress", id: "overlay-egress-egress" },
      { kind: "device", id: "operator" },
      { kind: "device", id: "raspberrypi" },
    ]);
    expect(fog.one("cabin-client").inputs["publicKey"]).toBe(`${"A".repeat(43)}=`);
    const stdin = (name: string): string => String(fog.one(name).inputs["stdin"]);
    // The hub has no peers of its own, and tells the device what the server made of it.
    expect(stdin("cabin-invitation")).toMatch(/^ADDRESS=''$[^]*^INTERFACE='netmaker'$/m);
    expect(stdin("cabin-admission")).toContain("PrivateKey = @PRIVATE_KEY@");
    const bundles = await value(fog.outputs.joinBundles as pulumi.Output<Record<string, string>>);
    expect(bundles["cabin"]).toMatch(/^CONF=''$/m);
    expect(fog.one("cabin-k3s").inputs["connection"]).toMatchObject({
      host: "10.101.255.12",
      hostKey: "ssh-ed25519 AAAAC3Joined",
    });
  });

  it("names the hub and itself to each member that has no netclient, and the worker to those that have", () => {
    const pi = String(fog.one("raspberrypi-overlay").inputs["stdin"]);
    expect(pi).toMatch(
      /^NAMES='10\.101\.0\.1 masternode\.netmaker\n10\.101\.255\.\d+ raspberrypi\.netmaker'$/m,
    );
    const hub = String(fog.one("masternode-names").inputs["stdin"]);
    expect(hub).toMatch(
      /^NAMES='10\.101\.0\.1 masternode\.netmaker\n10\.101\.255\.\d+ raspberrypi\.netmaker\n10\.10\.1\.4 workernode\.netmaker'$/m,
    );
    expect(ofType("DnsRecord").map(({ inputs }) => [inputs["name"], inputs["address"]])).toEqual([
      ["workernode.netmaker", "10.10.1.4"],
    ]);
  });

  it("gives K3s the hub's address, the worker's own and what the server gave the Pi", () => {
    const stdin = (name: string): string => String(fog.one(name).inputs["stdin"]);
    expect(stdin("masternode-k3s")).toMatch(
      /flannel-iface: netmaker\n[^]*node-ip: 10\.101\.0\.1\n/,
    );
    expect(stdin("workernode-k3s")).toContain("node-ip: 10.10.1.4\n");
    expect(stdin("workernode-k3s")).not.toContain("flannel-iface");
    // Its own interface carries more than the tunnel that its packets go through.
    expect(stdin("workernode-k3s")).toContain('"MTU": 1420');
    expect(stdin("raspberrypi-k3s")).toMatch(
      /flannel-iface: fogline0\n[^]*node-ip: 10\.101\.255\./,
    );
  });

  it("leads no member to a name server that it may have no program for", () => {
    for (const name of ["raspberrypi-overlay", "overlay-operator", "cabin-admission"]) {
      expect(String(fog.one(name).inputs["stdin"]), name).not.toMatch(/^DNS/m);
    }
  });

  it("keeps token, password and configurations secret", async () => {
    expect(await pulumi.isSecret(fog.outputs.kubeconfig)).toBe(true);
    expect(await value(fog.outputs.kubeconfig)).toContain("https://10.101.0.1:6443");
    expect(await pulumi.isSecret(pulumi.output(fog.outputs.netmaker))).toBe(true);
    for (const name of ["masternode-netmaker", "masternode-overlay", "raspberrypi-overlay"]) {
      expect(JSON.stringify(fog.one(name).sealed["stdin"]), name).toContain("[secret]");
    }
    expect(fog.one("overlay-server-api").sealed["password"]).toBe("[secret]");
  });
});
