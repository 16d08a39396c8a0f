/** A mesh with every kind of resource, as a program declares it. */
import * as netmaker from "@fogline/pulumi-netmaker";
import type { CustomResourceOptions } from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";

import type { TestNetmaker } from "../../stand-ins/netmaker/testing/server.ts";

/** WireGuard key of a device that keeps its private one to itself. */
export const OWN_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/** What a test declares otherwise, by the resource's name. */
export interface Otherwise {
  readonly mesh?: Partial<netmaker.NetworkArgs>;
  readonly members?: Partial<netmaker.EnrollmentKeyArgs>;
  readonly pi?: Partial<netmaker.HostArgs>;
  readonly gateway?: Partial<netmaker.GatewayArgs>;
  readonly laptop?: Partial<netmaker.ExternalClientArgs>;
  readonly phone?: Partial<netmaker.ExternalClientArgs>;
  readonly cloud?: Partial<netmaker.EgressArgs>;
  readonly website?: Partial<netmaker.AclRuleArgs>;
  readonly record?: Partial<netmaker.DnsRecordArgs>;
}

export interface MeshOptions {
  /** Where the provider looks for the server; default: where it is. */
  readonly url?: string;
  /** Ids of what is taken over instead of made, by the resource's name. */
  readonly imports?: Readonly<Record<string, string>>;
}

/** The program: two hosts that enrol with a key, one of them a gateway, and everything on top. */
export function mesh(
  server: TestNetmaker,
  otherwise: Otherwise = {},
  { url = server.url, imports = {} }: MeshOptions = {},
): PulumiFn {
  return () => {
    const provider = new netmaker.Provider("netmaker", { url, ...server.user });
    const opts = (name: string): CustomResourceOptions =>
      imports[name] === undefined ? { provider } : { provider, import: imports[name] };
    const network = new netmaker.Network(
      "mesh",
      { name: "mesh", addressRange: "10.77.0.0/16", ...otherwise.mesh },
      opts("mesh"),
    );
    const key = new netmaker.EnrollmentKey(
      "members",
      { name: "members", networks: [network.name], ...otherwise.members },
      opts("members"),
    );
    // While the resources below wait for it, as they do where netclient is at work.
    const enrolled = key.token.apply((token) =>
      Promise.all(["master", "pi"].map((name) => server.enrol(name, token))),
    );
    const host = (name: string, args: Partial<netmaker.HostArgs> = {}): netmaker.Host =>
      new netmaker.Host(name, { name, network: network.name, ...args }, opts(name));
    const master = host("master");
    const pi = host("pi", otherwise.pi);
    const gateway = new netmaker.Gateway(
      "gateway",
      { network: network.name, node: master.nodeId, ...otherwise.gateway },
      opts("gateway"),
    );
    const through = { network: network.name, gateway: gateway.node };
    const laptop = new netmaker.ExternalClient(
      "laptop",
      { clientId: "laptop", ...through, ...otherwise.laptop },
      opts("laptop"),
    );
    new netmaker.ExternalClient(
      "phone",
      { clientId: "phone", ...through, publicKey: OWN_KEY, ...otherwise.phone },
      opts("phone"),
    );
    const cloud = new netmaker.Egress(
      "cloud",
      {
        name: "cloud",
        network: network.name,
        range: "10.10.0.0/16",
        node: master.nodeId,
        ...otherwise.cloud,
      },
      opts("cloud"),
    );
    new netmaker.AclRule(
      "website",
      {
        name: "website",
        network: network.name,
        from: [{ kind: "device", id: laptop.clientId }],
        to: [{ kind: "egress", id: cloud.egressId }],
        protocol: "tcp",
        ports: ["80"],
        ...otherwise.website,
      },
      opts("website"),
    );
    const record = new netmaker.DnsRecord(
      "record",
      {
        name: "raspberrypi.mesh",
        network: network.name,
        address: pi.address.apply((address) => address.split("/")[0] ?? ""),
        ...otherwise.record,
      },
      opts("record"),
    );
    return Promise.resolve({
      enrolled,
      token: key.token,
      config: laptop.config,
      privateKey: laptop.privateKey,
      domainName: record.domainName,
    });
  };
}
