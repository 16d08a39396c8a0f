import { describe, expect, it } from "vitest";

import { overlayMtu, PRIVATE_KEY, writeConf } from "./conf.ts";

describe("a WireGuard configuration", () => {
  const peer = { name: "masternode", publicKey: "HUB=", allowedIps: ["10.101.0.0/16"] };

  it("of a spoke dials the hub and keeps the NAT's mapping alive", () => {
    const conf = writeConf({
      address: "10.101.2.1/16",
      mtu: overlayMtu(1500),
      peers: [{ ...peer, endpoint: "203.0.113.10:51820" }],
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
});
