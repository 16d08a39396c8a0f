import { addressAt, addressInside, rangesOverlap } from "@fogline/azure-checks/cidr";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { memberAddress } from "./overlay-addresses.ts";
import { SettingsError, type Problem } from "./problems.ts";
import { parse } from "./schema.ts";

const sum = "0".repeat(64);
const valid = {
  cloud: { sshFrom: ["203.0.113.7/32"] },
  edge: [
    {
      name: "raspberrypi",
      host: "192.168.50.10",
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
    },
  ],
  k3s: { version: "v1.36.3+k3s1", sha256: { arm64: sum } },
};

/** Two names of devices whose overlay addresses would be the same. */
const twins = ((): [string, string] => {
  const seen = new Map<string, string>();
  for (let i = 0; ; i += 1) {
    const name = `pi-${i}`;
    const address = memberAddress("10.101.0.0/16", "edge", name);
    const twin = seen.get(address);
    if (twin !== undefined) {
      return [twin, name];
    }
    seen.set(address, name);
  }
})();

function problemsOf(raw: Record<string, unknown>): readonly Problem[] {
  try {
    parse(raw);
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe("settings", () => {
  it("fill in the documented defaults", () => {
    const settings = parse(valid);
    expect(settings.cloud.master.name).toBe("MasterNode");
    expect(settings.cloud.workers).toEqual([{ name: "WorkerNode", size: "Standard_B2pls_v2" }]);
    expect(settings.overlay.range).toBe("10.101.0.0/16");
    expect(settings.overlay.listenPort).toBe(51820);
  });

  it("are frozen all the way down", () => {
    const settings = parse(valid);
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(settings.cloud.workers[0])).toBe(true);
  });

  it.each([
    ["a misspelt section", { ...valid, overly: {} }, "fogline:overly", "did you mean overlay?"],
    [
      "a misspelt key",
      { ...valid, overlay: { rage: "10.101.0.0/16" } },
      "fogline:overlay.rage",
      "did you mean range?",
    ],
    [
      "a misspelt key inside a list",
      { ...valid, cloud: { ...valid.cloud, workers: [{ name: "W", sise: "x" }] } },
      "fogline:cloud.workers[0].sise",
      "did you mean size?",
    ],
    [
      "no workers",
      { ...valid, cloud: { ...valid.cloud, workers: [] } },
      "fogline:cloud.workers",
      "add {name: WorkerNode}",
    ],
    [
      "SSH open to the world",
      { ...valid, cloud: { sshFrom: ["0.0.0.0/0"] } },
      "fogline:cloud.sshFrom[0]",
      "name the operator's address",
    ],
    ["nobody who may reach SSH", { ...valid, cloud: {} }, "fogline:cloud.sshFrom", "203.0.113.7"],
    [
      "a reserved administrator",
      { ...valid, cloud: { ...valid.cloud, adminUser: "root" } },
      "fogline:cloud.adminUser",
      "choose a name",
    ],
    [
      "a range with host bits",
      { ...valid, overlay: { range: "10.101.0.1/16" } },
      "fogline:overlay.range",
      "10.10.0.0/16",
    ],
    [
      "a subnet outside its network",
      { ...valid, cloud: { ...valid.cloud, subnet: "10.11.1.0/24" } },
      "fogline:cloud.subnet",
      "choose a part",
    ],
    [
      "overlapping ranges",
      { ...valid, overlay: { range: "10.42.128.0/17" } },
      "fogline:overlay.range",
      "a range of its own",
    ],
    [
      "two machines of one node name",
      { ...valid, cloud: { ...valid.cloud, workers: [{ name: "RaspberryPi" }] } },
      "fogline:edge[0].name",
      "a name of its own",
    ],
    [
      "an overlay address in another tier's block",
      { ...valid, overlay: { addresses: { raspberrypi: "10.101.1.9" } } },
      "fogline:overlay.addresses.raspberrypi",
      "{raspberrypi: 10.101.2.1}",
    ],
    [
      "an overlay address kept for two",
      {
        ...valid,
        edge: [...valid.edge, { name: "attic", reach: "bundle" }],
        overlay: { addresses: { raspberrypi: "10.101.2.1", attic: "10.101.2.1" } },
      },
      "fogline:overlay.addresses.attic",
      "{attic: 10.101.2.2}",
    ],
    [
      "two names that give one overlay address",
      { ...valid, edge: twins.map((name) => ({ name, reach: "bundle" })) },
      `fogline:overlay.addresses.${twins[1]}`,
      `{${twins[1]}: 10.101.2.`,
    ],
    [
      "a short checksum",
      { ...valid, k3s: { ...valid.k3s, sha256: { amd64: "abc" } } },
      "fogline:k3s.sha256.amd64",
      "checksum file",
    ],
  ])("refuse %s and name the fix", (_what, raw, path, fix) => {
    const problem = problemsOf(raw).find((p) => p.path === path);
    expect(problem?.fix).toContain(fix);
  });

  it("report every problem at once, across fields and sections", () => {
    const paths = problemsOf({
      cloud: { sshFrom: [], workers: [], network: "10.42.0.0/16" },
      overlay: { pathMtu: 0 },
      k3s: valid.k3s,
      nonsense: 1,
    }).map((p) => p.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "fogline:nonsense",
        "fogline:cloud.sshFrom",
        "fogline:cloud.workers",
        "fogline:overlay.pathMtu",
        "fogline:cloud.network",
      ]),
    );
  });
});

describe("ranges", () => {
  const range = fc.tuple(fc.nat(0xffffffff), fc.integer({ min: 1, max: 32 })).map(([n, bits]) => {
    const base = Math.floor(n / 2 ** (32 - bits)) * 2 ** (32 - bits);
    return `${[24, 16, 8, 0].map((s) => Math.floor(base / 2 ** s) % 256).join(".")}/${bits}`;
  });

  it("overlap symmetrically, and always with themselves", () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        expect(rangesOverlap(a, b)).toBe(rangesOverlap(b, a));
        expect(rangesOverlap(a, a)).toBe(true);
      }),
    );
  });

  it("contain each of their numbered addresses", () => {
    fc.assert(
      fc.property(range, fc.nat(3), (r, n) => {
        const size = 2 ** (32 - Number(r.split("/")[1]));
        if (n < size) {
          expect(addressInside(addressAt(r, n), r)).toBe(true);
        } else {
          expect(() => addressAt(r, n)).toThrow(RangeError);
        }
      }),
    );
  });
});
