import { describe, expect, it } from "vitest";

import { SettingsError, type Problem } from "./problems.ts";
import { parse } from "./schema.ts";

const [sum, otherSum] = ["1".repeat(64), "2".repeat(64)];
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const pi = { name: "pi", host: "192.168.1.50", hostKey };
const jump = { host: "192.168.1.2", user: "pi", hostKey };
const valid = {
  cloud: { sshFrom: ["8.8.4.4/32"] },
  edge: [pi],
  k3s: { version: "v1.36.3+k3s1", sha256: { arm64: sum } },
};

type Sections = Readonly<Record<string, unknown>>;

/** What is wrong with the valid settings and some sections merged into them. */
function problemsOf(over: Sections): readonly Problem[] {
  const merged = Object.entries({ ...valid, ...over }).map(([name, section]) => [
    name,
    Array.isArray(section)
      ? section
      : { ...(valid[name as keyof typeof valid] as object | undefined), ...(section as object) },
  ]);
  try {
    parse(Object.fromEntries(merged) as Sections);
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

/** Settings that can be meant. */
const accepted: readonly (readonly [string, Sections])[] = [
  [
    "private ranges of every kind",
    { overlay: { range: "172.16.0.0/16" }, k3s: { podRange: "192.168.128.0/17" } },
  ],
  ["an operator's range", { cloud: { sshFrom: ["8.8.4.0/24", "9.9.9.9/32"] } }],
  [
    "Ubuntu of Canonical",
    { cloud: { image: "Canonical:ubuntu-24_04-lts:server-arm64:24.04.202510010" } },
  ],
  [
    "an older Ubuntu",
    { cloud: { image: "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-arm64:22.04.202510010" } },
  ],
  [
    "a size that is not known here",
    { cloud: { workers: [{ name: "W", size: "Standard_D2pls_v6" }] } },
  ],
  ["a region that is not known here", { cloud: { location: "atlantisnorth3" } }],
  [
    "both processors, each with its sum",
    {
      edge: [{ ...pi, arch: "amd64" }],
      k3s: { sha256: { arm64: sum, amd64: otherSum } },
    },
  ],
  ["an address kept for a device", { overlay: { addresses: { pi: "10.101.2.7" } } }],
  [
    "a mirror with a port and a path",
    {
      k3s: {
        mirrors: { "docker.io": ["https://m.fog.io:5000/v2"], "*": ["http://10.9.0.1:5000"] },
      },
    },
  ],
  [
    "two devices behind one jump host",
    {
      edge: [
        { ...pi, name: "a", reach: "jump", host: "127.0.0.1", port: 2201, jump },
        { ...pi, name: "b", reach: "jump", host: "127.0.0.1", port: 2202, jump },
      ],
    },
  ],
  ["WireGuard on the port of QUIC", { overlay: { listenPort: 443 } }],
  ["a small overlay", { overlay: { range: "10.101.0.0/22" } }],
  [
    "a release's file behind a proxy",
    { k3s: { download: "https://proxy.fog.io/{version}/k3s{suffix}" } },
  ],
];

/** Settings that cannot be meant: what is told, and a word of the rule. */
const refused: readonly (readonly [string, Sections, path: string, rule: string])[] = [
  [
    "an overlay in the providers' range",
    { overlay: { range: "100.64.0.0/16" } },
    "overlay.range",
    "CGNAT",
  ],
  [
    "Azure's own address in the network",
    { cloud: { network: "168.63.0.0/16", subnet: "168.63.1.0/24" } },
    "cloud.network",
    "Azure's own",
  ],
  [
    "a network of link-local addresses",
    { cloud: { network: "169.254.0.0/16", subnet: "169.254.1.0/24" } },
    "cloud.network",
    "link-local",
  ],
  ["multicast for pods", { k3s: { podRange: "224.0.0.0/16" } }, "k3s.podRange", "multicast"],
  [
    "loopback for Services",
    { k3s: { serviceRange: "127.0.0.0/16" } },
    "k3s.serviceRange",
    "loopback",
  ],
  [
    "benchmarks for the overlay",
    { overlay: { range: "198.18.0.0/16" } },
    "overlay.range",
    "benchmarks",
  ],
  [
    "documentation for the overlay",
    { overlay: { range: "203.0.112.0/22" } },
    "overlay.range",
    "documentation",
  ],
  [
    "somebody's addresses for pods",
    { k3s: { podRange: "8.8.0.0/16" } },
    "k3s.podRange",
    "belongs to others",
  ],
  [
    "a range that is private in part",
    { cloud: { network: "172.0.0.0/8", subnet: "172.16.1.0/24" } },
    "cloud.network",
    "private",
  ],
  ["pods over Services", { k3s: { podRange: "10.43.0.0/16" } }, "k3s.podRange", "overlaps"],
  [
    "the overlay in the cloud's network",
    { overlay: { range: "10.10.128.0/17" } },
    "cloud.network",
    "overlaps",
  ],
  [
    "too few addresses for nodes",
    { k3s: { podRange: "10.42.0.0/23" } },
    "k3s.podRange",
    "for each of 3 nodes",
  ],
  [
    "less than a node's share for pods",
    { k3s: { podRange: "10.42.0.0/26" } },
    "k3s.podRange",
    "/24",
  ],
  [
    "hardly an address for Services",
    { k3s: { serviceRange: "10.43.0.0/28" } },
    "k3s.serviceRange",
    "64 addresses",
  ],
  [
    "a subnet that Azure keeps for itself",
    { cloud: { subnet: "10.10.1.0/30" } },
    "cloud.subnet",
    "Azure keeps 5",
  ],
  [
    "a subnet for fewer machines",
    { cloud: { subnet: "10.10.1.0/29", workers: ["A", "B", "C"].map((name) => ({ name })) } },
    "cloud.subnet",
    "each of 4 machines",
  ],
  [
    "a home network in the pods' range",
    { k3s: { podRange: "192.168.0.0/16" } },
    "edge[0].host",
    "fogline:k3s.podRange",
  ],
  [
    "a device in the default pods' range",
    { edge: [{ ...pi, host: "10.42.0.50" }] },
    "edge[0].host",
    "fogline:k3s.podRange",
  ],
  [
    "a device in the Services' range",
    { edge: [{ ...pi, host: "10.43.7.7" }] },
    "edge[0].host",
    "fogline:k3s.serviceRange",
  ],
  [
    "a device in the overlay",
    { edge: [{ ...pi, host: "10.101.0.1" }] },
    "edge[0].host",
    "fogline:overlay.range",
  ],
  [
    "a device in the cloud's network",
    { edge: [{ ...pi, host: "10.10.9.9" }] },
    "edge[0].host",
    "fogline:cloud.network",
  ],
  [
    "a jump host in the overlay",
    { edge: [{ ...pi, reach: "jump", jump: { ...jump, host: "10.101.0.1" } }] },
    "edge[0].jump.host",
    "fogline:overlay.range",
  ],
  [
    "a private address for SSH",
    { cloud: { sshFrom: ["192.168.1.10/32"] } },
    "cloud.sshFrom[0]",
    "private",
  ],
  [
    "a provider's inner address for SSH",
    { cloud: { sshFrom: ["100.70.1.2/32"] } },
    "cloud.sshFrom[0]",
    "CGNAT",
  ],
  ["this computer for SSH", { cloud: { sshFrom: ["127.0.0.1/32"] } }, "cloud.sshFrom[0]", "loopb"],
  [
    "half of the internet for SSH",
    { cloud: { sshFrom: ["0.0.0.0/1", "128.0.0.0/1"] } },
    "cloud.sshFrom[1]",
    "more than",
  ],
  [
    "one range for SSH twice",
    { cloud: { sshFrom: ["8.8.4.4/32", "8.8.4.4/32"] } },
    "cloud.sshFrom[1]",
    "twice",
  ],
  [
    "ranges for SSH that overlap",
    { cloud: { sshFrom: ["8.8.4.0/24", "8.8.4.4/32"] } },
    "cloud.sshFrom[1]",
    "overlaps",
  ],
  [
    "an image without apt",
    { cloud: { image: "almalinux:almalinux-arm:9-arm-gen2:9.5.2024112101" } },
    "cloud.image",
    "apt",
  ],
  [
    "an image that is bought",
    { cloud: { image: "kinvolk:flatcar-container-linux:stable:3975.2.2" } },
    "cloud.image",
    "purchase plan",
  ],
  [
    "Ubuntu Pro",
    { cloud: { image: "Canonical:ubuntu-24_04-lts:ubuntu-pro-arm64:24.04.202510010" } },
    "cloud.image",
    "purchase plan",
  ],
  [
    "an image for another processor",
    { cloud: { image: "Debian:debian-13:13-gen2:0.20260914.2601" } },
    "cloud.image",
    "is for amd64",
  ],
  [
    "a size for another processor",
    { cloud: { workers: [{ name: "W", size: "Standard_B2als_v2" }] } },
    "cloud.workers[0].size",
    "is for amd64",
  ],
  [
    "a size that is none",
    { cloud: { workers: [{ name: "W", size: "B2pls_v2" }] } },
    "cloud.workers[0].size",
    "must be a size",
  ],
  ["a misspelt region", { cloud: { location: "estus" } }, "cloud.location", "no region"],
  ["a region by its long name", { cloud: { location: "East US" } }, "cloud.location", "short name"],
  [
    "a zone where there are none",
    { cloud: { location: "westus", workers: [{ name: "W", zone: "1" }] } },
    "cloud.workers[0].zone",
    "no availability zones",
  ],
  [
    "no sum for the cloud",
    { k3s: { sha256: { amd64: sum } } },
    "k3s.sha256.arm64",
    "MasterNode, WorkerNode, pi",
  ],
  ["no sum for a device", { edge: [{ ...pi, arch: "amd64" }] }, "k3s.sha256.amd64", "pi run"],
  [
    "one sum for both processors",
    { k3s: { sha256: { amd64: sum, arm64: sum } } },
    "k3s.sha256.arm64",
    "for amd64",
  ],
  [
    "one download for both processors",
    {
      edge: [{ ...pi, arch: "amd64" }],
      k3s: {
        sha256: { arm64: sum, amd64: otherSum },
        download: "https://get.fog.io/{version}/k3s",
      },
    },
    "k3s.download",
    "{suffix}",
  ],
  [
    "a placeholder that nobody fills in",
    { k3s: { download: "https://get.fog.io/k3s-{arch}" } },
    "k3s.download",
    "placeholder",
  ],
  ["a download without a host", { k3s: { download: "https://" } }, "k3s.download", "URL"],
  [
    "a mirror that is no URL",
    { k3s: { mirrors: { "docker.io": ["mirror.fog.io"] } } },
    "k3s.mirrors.docker.io[0]",
    "URL",
  ],
  [
    "a mirror of a URL",
    { k3s: { mirrors: { "https://docker.io": ["https://m.fog.io"] } } },
    "k3s.mirrors.https://docker.io",
    "registry",
  ],
  [
    "an address for nobody",
    { overlay: { addresses: { pj: "10.101.2.7" } } },
    "overlay.addresses.pj",
    "no worker",
  ],
  [
    "an address for the hub",
    { overlay: { addresses: { MasterNode: "10.101.1.7" } } },
    "overlay.addresses.MasterNode",
    "hub",
  ],
  ["VXLAN's port", { overlay: { listenPort: 8472 } }, "overlay.listenPort", "VXLAN"],
  ["the port of DNS", { overlay: { listenPort: 53 } }, "overlay.listenPort", "DNS"],
  ["the kubelet's port", { overlay: { listenPort: 10250 } }, "overlay.listenPort", "kubelet"],
  ["a node port", { overlay: { listenPort: 31820 } }, "overlay.listenPort", "NodePort"],
  ["one device twice", { edge: [pi, { ...pi, name: "attic" }] }, "edge[1].host", "fogline:edge[0]"],
  ["a device called localhost", { edge: [{ ...pi, name: "localhost" }] }, "edge[0].name", "itself"],
  [
    "a jump host's RSA key",
    { edge: [{ ...pi, reach: "jump", jump: { ...jump, hostKey: "ssh-rsa AAAAB3NzaC1yc2E=" } }] },
    "edge[0].jump.hostKey",
    "ssh-rsa",
  ],
  ["a name of mDNS", { edge: [{ ...pi, host: "raspberrypi.local" }] }, "edge[0].host", "mDNS"],
  [
    "a jump host's name of mDNS",
    { edge: [{ ...pi, reach: "jump", jump: { ...jump, host: "gate.local" } }] },
    "edge[0].jump.host",
    "mDNS",
  ],
];

describe("settings between which rules hold", () => {
  it.each(accepted)("may have %s", (_, over) => {
    expect(problemsOf(over)).toEqual([]);
  });

  it.each(refused)("cannot have %s", (_, over, path, rule) => {
    const problem = problemsOf(over).find((each) => each.path === `fogline:${path}`);
    expect(problem?.rule).toContain(rule);
    expect(problem?.fix).toMatch(/\w/);
  });

  it("are all told at once, although some sections are wrong in themselves", () => {
    const found = problemsOf({
      cloud: { sshFrom: ["nonsense"], network: "100.64.0.0/16" },
      overlay: { range: "10.42.0.0/16", listenPort: 70_000 },
      edge: [{ ...pi, host: "10.42.0.50" }, { name: "Ü" }],
    }).map(({ path }) => path);
    expect(found).toEqual(
      expect.arrayContaining([
        "fogline:cloud.sshFrom[0]",
        "fogline:cloud.network",
        "fogline:overlay.range",
        "fogline:overlay.listenPort",
        "fogline:edge[0].host",
        "fogline:edge[1].name",
      ]),
    );
  });
});
