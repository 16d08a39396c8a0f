import { describe, expect, it } from "vitest";

import { overlayMtu, PRIVATE_KEY, readPublicKey, writeConf, type Peer } from "./conf.ts";

/** The key of RFC 7748, section 6.1 (Alice's public one). */
const HUB_KEY = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";

describe("a WireGuard configuration", () => {
  const peer = { name: "masternode", publicKey: HUB_KEY, allowedIps: ["10.101.0.0/16"] };

  it("of a spoke dials the hub and keeps the NAT's mapping alive", () => {
    const conf = writeConf({
      address: "10.101.2.1/16",
      mtu: overlayMtu(1500),
      peers: [{ ...peer, endpoint: "203.0.113.10:51820", keepalive: 15 }],
    });
    expect(conf).toContain("Endpoint = 203.0.113.10:51820\nPersistentKeepalive = 15");
    expect(conf).not.toContain("ListenPort");
    expect(conf).toContain("MTU = 1420");
  });

  it("of the hub listens and waits to be dialled", () => {
    const conf = writeConf({
      address: "10.101.0.1/16",
      mtu: 1420,
      listenPort: 51820,
      peers: [peer],
    });
    expect(conf).toContain("ListenPort = 51820");
    expect(conf).not.toContain("Endpoint");
  });

  it("holds a mark where the machine puts its own private key", () => {
    const conf = writeConf({ address: "10.101.0.1/16", mtu: 1420, peers: [] });
    expect(conf).toContain(`PrivateKey = ${PRIVATE_KEY}\n`);
  });

  it.each<[string, Partial<Peer>]>([
    ["a greeting as a key", { publicKey: `Welcome to raspberrypi\n${HUB_KEY}` }],
    ["a key that is cut off", { publicKey: HUB_KEY.slice(0, 40) }],
    ["a key of more than 32 bytes", { publicKey: HUB_KEY.replace("o=", "p=") }],
    ["a range that is none", { allowedIps: ["10.101.2.1/32", ""] }],
    ["an endpoint without an address", { endpoint: ":51820" }],
    ["a packet every half second", { keepalive: 0.5 }],
    ["a name that ends its comment", { name: "pi\n[Peer]" }],
  ])("holds no %s", (_, wrong) => {
    const end = { address: "10.101.0.1/16", mtu: 1420, peers: [{ ...peer, ...wrong }] };
    expect(() => writeConf(end)).toThrow("no WireGuard configuration can hold");
  });
});

describe("the key that a member prints", () => {
  it("is taken as it is", () => {
    expect(readPublicKey(`${HUB_KEY}\n`, "raspberrypi")).toBe(HUB_KEY);
  });

  it.each(["", "Welcome to raspberrypi", `${HUB_KEY}\n${HUB_KEY}`, `x${HUB_KEY}`])(
    "is refused as %j, naming the member",
    (text) => {
      expect(() => readPublicKey(text, "raspberrypi")).toThrow("raspberrypi did not print its");
    },
  );
});
