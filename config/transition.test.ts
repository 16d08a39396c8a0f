import { describe, expect, it } from "vitest";

import { parse } from "./schema.ts";
import type { Transition } from "./transition-kind.ts";
import { builtWith, transitions } from "./transition.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const pi = { name: "pi", host: "192.168.1.50", hostKey: key };
const cabin = { name: "cabin", reach: "bundle" };
const base = {
  cloud: {
    sshFrom: ["203.0.113.7/32"],
    disk: { sizeGiB: 64 },
    workers: [{ name: "W1" }, { name: "W2" }],
  },
  edge: [pi],
  overlay: {},
  k3s: { version: "v1.35.3+k3s1", sha256: { arm64: "a".repeat(64) } },
};

type Sections = Readonly<Record<string, unknown>>;

/** The changes between the base and the base with some sections merged into it. */
function changes(after: Sections, before: Sections = {}): Transition[] {
  const built = (over: Sections) =>
    builtWith(
      parse(
        Object.fromEntries(
          Object.entries(base).map(([name, section]) => {
            const merged = over[name];
            return [
              name,
              Array.isArray(section) ? (merged ?? section) : { ...section, ...(merged as object) },
            ];
          }),
        ),
      ),
      {},
    );
  return transitions(built(before), built(after), {});
}

const REFUSED = { level: "stop", refused: true };
const TOLD = { level: "mind", refused: false };

describe("a change of a running cluster", () => {
  it("is nothing where the settings are the same, or harmless", () => {
    expect(changes({})).toEqual([]);
    expect(
      changes({ cloud: { workers: [{ name: "W1" }, { name: "W2" }, { name: "W3" }] } }),
    ).toEqual([]);
    expect(changes({ edge: [pi, cabin] })).toEqual([]);
    expect(changes({ edge: [] })).toEqual([]);
    expect(changes({ edge: [{ ...pi, host: "192.168.1.51" }] })).toEqual([]);
    expect(changes({ k3s: { version: "v1.36.0+k3s1" } })).toEqual([]);
    expect(changes({ k3s: { version: "v1.35.4+k3s1" } })).toEqual([]);
    expect(changes({ cloud: { disk: { sizeGiB: 128 } } })).toEqual([]);
  });

  it.each([
    ["the pods' range", { k3s: { podRange: "10.44.0.0/16" } }, "k3s.podRange", "pulumi destroy"],
    [
      "the Services' range",
      { k3s: { serviceRange: "10.44.0.0/16" } },
      "k3s.serviceRange",
      "put 10.43.0.0/16 back",
    ],
    [
      "a network of pods that is somebody else's",
      { k3s: { flannelBackend: "none" } },
      "k3s.flannelBackend",
      "put vxlan back",
    ],
    [
      "an older minor version of K3s",
      { k3s: { version: "v1.34.9+k3s1" } },
      "k3s.version",
      "put v1.35.3+k3s1 back",
    ],
    [
      "two minor versions of K3s at once",
      { k3s: { version: "v1.37.0+k3s1" } },
      "k3s.version",
      "take the newest release of v1.36 and run pulumi up, then",
    ],
    [
      "another major version of K3s",
      { k3s: { version: "v2.0.0+k3s1" } },
      "k3s.version",
      "one after the other, up to v2.0.0+k3s1",
    ],
    [
      "another master",
      { cloud: { master: { name: "Head" } } },
      "cloud.master.name",
      "put MasterNode back",
    ],
    [
      "the last worker's name",
      { cloud: { workers: [{ name: "W3" }] } },
      "cloud.workers",
      "add the new workers beside",
    ],
    ["a smaller disk", { cloud: { disk: { sizeGiB: 32 } } }, "cloud.disk.sizeGiB", "put 64 back"],
    [
      "a worker's zone",
      { cloud: { workers: [{ name: "W1", zone: "2" }, { name: "W2" }] } },
      "cloud.workers",
      "take the zone out again",
    ],
    [
      "another administrator",
      { cloud: { adminUser: "me" } },
      "cloud.adminUser",
      "put fogline back",
    ],
    ["another region", { cloud: { location: "westeurope" } }, "cloud.location", "put eastus back"],
    [
      "another resource group",
      { cloud: { resourceGroup: "Fog" } },
      "cloud.resourceGroup",
      "put CloudStep back",
    ],
    [
      "another subnet",
      { cloud: { subnet: "10.10.2.0/24" } },
      "cloud.subnet",
      "put 10.10.1.0/24 back",
    ],
    [
      "another image",
      { cloud: { image: "Debian:debian-13:13-arm64:0.20270101.1" } },
      "cloud.image",
      "put Debian:debian-13",
    ],
    ["a device's name", { edge: [{ ...pi, name: "attic" }] }, "edge", "in two steps"],
  ])("is refused when it is %s", (_, after, path, fix) => {
    const found = changes(after);
    expect(found[0]).toMatchObject({ ...REFUSED, path: `fogline:${path}` });
    expect(found[0]?.fix).toContain(fix);
  });

  it.each([
    ["an older patch of K3s", { k3s: { version: "v1.35.1+k3s1" } }, "k3s.version"],
    ["another way to pods", { k3s: { flannelBackend: "host-gw" } }, "k3s.flannelBackend"],
    ["the overlay's port", { overlay: { listenPort: 51999 } }, "overlay.listenPort"],
    ["the overlay's range", { overlay: { range: "10.102.0.0/16" } }, "overlay.range"],
    ["the cloud's network", { cloud: { network: "10.8.0.0/14" } }, "cloud.network"],
  ])("is told, not refused, when it is %s", (_, after, path) => {
    expect(changes(after)).toMatchObject([{ ...TOLD, path: `fogline:${path}` }]);
  });

  it("that takes one of several workers away says what becomes of the votes", () => {
    const [change, ...others] = changes({ cloud: { workers: [{ name: "W1" }] } });
    expect(others).toEqual([]);
    expect(change).toMatchObject({ level: "stop", refused: false });
    expect(change?.rule).toMatch(
      /W2 is deleted.*if the votes are there.*bound to a node that is gone/,
    );
  });

  it.each([
    ["port", { listenPort: 51999 }],
    ["range", { range: "10.102.0.0/16" }],
    ["kind", { kind: "netmaker" }],
  ])("of the overlay's %s is refused while devices have joined by a bundle", (_, overlay) => {
    const sums = { sha256: { arm64: "b".repeat(64) } };
    const withBundle = { edge: [pi, cabin] };
    const after = { ...withBundle, overlay, netmaker: { server: sums, client: sums } };
    const before = { ...base, ...withBundle };
    const built = (raw: Sections) => builtWith(parse(raw), {});
    const found = transitions(built(before), built({ ...before, ...after }), {});
    expect(found).toMatchObject([REFUSED]);
    expect(found[0]?.rule).toContain("cabin joined by a bundle");
  });

  it("tells the worst first", () => {
    const found = changes({
      overlay: { listenPort: 51999 },
      k3s: { serviceRange: "10.44.0.0/16", version: "v1.35.1+k3s1" },
    });
    expect(found.map(({ level }) => level)).toEqual(["stop", "mind", "mind"]);
  });
});
