import { describe, expect, it } from "vitest";

import { clientConf } from "./conf.ts";

const file = [
  "[Interface]",
  "Address = 10.101.255.254/32",
  "PrivateKey = [ENTER PRIVATE KEY]",
  "MTU = 1420",
  "DNS = ",
  "",
  "[Peer]",
  "PublicKey = HUB=",
  "AllowedIPs = 10.101.0.0/16,10.10.0.0/16",
  "Endpoint = 203.0.113.10:51820",
].join("\r\n");

describe("a client's configuration", () => {
  it("has a mark where the device puts its own key", () => {
    expect(clientConf(file)).toContain("PrivateKey = @PRIVATE_KEY@\n");
  });

  it("loses line ends of another system and empty name servers, and nothing else", () => {
    const conf = clientConf(file);
    expect(conf).not.toMatch(/\r|DNS/);
    expect(conf).toContain("AllowedIPs = 10.101.0.0/16,10.10.0.0/16\n");
    expect(conf.endsWith("Endpoint = 203.0.113.10:51820\n")).toBe(true);
  });

  it("keeps name servers that there are", () => {
    expect(clientConf(file.replace("DNS = ", "DNS = 10.101.0.1"))).toContain("DNS = 10.101.0.1\n");
  });

  it("that has no place for a key is refused", () => {
    expect(() => clientConf("[Interface]\nAddress = 10.101.255.254/32\n")).toThrow(/private key/);
  });
});
