import { describe, expect, it } from "vitest";

import { clientConf } from "./conf.ts";

/** As release v1.5.1 writes it with its defaults: an empty line for what there is none of. */
const file = `[Interface]
Address = 10.101.255.254/32
PrivateKey = [ENTER PRIVATE KEY]
MTU = 1420
DNS = 10.101.0.1



[Peer]
PublicKey = HUB=
AllowedIPs = 10.101.0.0/16,10.10.0.0/16
Endpoint = 203.0.113.10:51820
PersistentKeepalive = 20

`;
const wanted = `[Interface]
Address = 10.101.255.254/32
PrivateKey = @PRIVATE_KEY@
MTU = 1420

[Peer]
PublicKey = HUB=
AllowedIPs = 10.101.0.0/16, 10.10.0.0/16
Endpoint = 203.0.113.10:51820
PersistentKeepalive = 20
`;

/** The file with one line in another one's place. */
function withLine(key: string, line: string): string {
  return file.replace(new RegExp(`^${key} = .*$`, "m"), line);
}

describe("a client's configuration", () => {
  it("has a mark where the device puts its own key, and no name servers", () => {
    expect(clientConf(file)).toBe(wanted);
  });

  it.each([
    ["the line ends of another system", file.replaceAll("\n", "\r\n")],
    ["no name servers", withLine("DNS", "")],
    ["an empty list of them", withLine("DNS", "DNS = ")],
    ["search domains", withLine("DNS", "DNS = 10.101.0.1, fd00::1, example.com")],
    ["commands", withLine("DNS", "PreUp = a\nPostUp = b\nPostUp = c\nPreDown = d\nPostDown = e")],
    ["a routing table of its own", withLine("DNS", "Table = off\nSaveConfig = true")],
    [
      "IPv6 addresses and ranges",
      withLine("Address", "Address = 10.101.255.254/32,fd00:101::fffe/128").replace(
        "10.10.0.0/16",
        "fd00:101::/64,10.10.0.0/16",
      ),
    ],
  ])("is the same with %s", (_, text) => {
    expect(clientConf(text)).toBe(wanted);
  });

  it("keeps the MTU that the network was declared with", () => {
    expect(clientConf(withLine("MTU", "MTU = 1340"))).toContain("MTU = 1340\n");
  });

  it.each(["0.0.0.0/0", "0.0.0.0/0,::/0", "0.0.0.0/1,128.0.0.0/1"])(
    "that leads everything through the hub (%s) is refused",
    (ranges) => {
      expect(() => clientConf(withLine("AllowedIPs", `AllowedIPs = ${ranges}`))).toThrow(
        /whole traffic through the hub .*make it a plain gateway again/,
      );
    },
  );

  it.each([
    ["PrivateKey", "PrivateKey"],
    ["Endpoint", "Endpoint"],
    ["Address", "Address = fd00:101::fffe/128"],
    ["AllowedIPs", "AllowedIPs = "],
  ])("without a usable %s is refused", (key, line) => {
    expect(() => clientConf(withLine(key, line))).toThrow(`has no ${key}:`);
  });
});
