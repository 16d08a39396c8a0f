import { describe, expect, it } from "vitest";

import { dialledHostProblem, forwardedHostProblem } from "./hosts.ts";

describe("a host that this computer dials", () => {
  it.each([
    "192.168.1.50",
    "10.0.0.7",
    "8.8.4.4",
    "pi.fritz.box",
    "raspberrypi.lan",
    "pi.home.arpa",
    "jump.fog.io.",
  ])("may be %s", (host) => {
    expect(dialledHostProblem(host)).toBeUndefined();
  });

  it.each([
    ["raspberrypi.local", "mDNS"],
    ["RaspberryPi.Local.", "mDNS"],
    ["raspberrypi", "DNS"],
    ["localhost", "DNS"],
    ["pi.localhost", "DNS"],
    ["pi.invalid", "DNS"],
    ["fe80::1", "IPv6"],
    ["[2001:db8::7]", "IPv6"],
    ["::1", "IPv6"],
    ["127.0.0.1", "this computer"],
    ["127.0.1.1", "this computer"],
    ["0.0.0.0", "no host"],
    ["0.0.0.7", "no host"],
    ["255.255.255.255", "every host"],
    ["224.0.0.251", "group"],
    ["240.0.0.1", "reserved"],
    ["169.254.7.7", "gave itself"],
    ["192.168.1", "no IPv4 address"],
    ["192.168.1.300", "no IPv4 address"],
    ["192.168.001.050", "no IPv4 address"],
    ["3232235826", "no IPv4 address"],
    ["pi@192.168.1.50", "neither"],
    ["192.168.1.50:22", "neither"],
    ["ssh://192.168.1.50", "neither"],
    ["192.168.1.50/24", "neither"],
    [" 192.168.1.50", "neither"],
    ["my_pi.lan", "neither"],
  ])("cannot be %s", (host, rule) => {
    const problem = dialledHostProblem(host);
    expect(problem?.rule).toContain(rule);
    expect(problem?.fix).toContain("write");
  });
});

describe("a host that a jump host dials", () => {
  it.each(["raspberrypi.local", "raspberrypi", "localhost", "127.0.0.1", "192.168.60.10"])(
    "may be %s, which that one resolves",
    (host) => {
      expect(forwardedHostProblem(host)).toBeUndefined();
    },
  );

  it.each(["0.0.0.0", "fe80::1", "pi@raspberrypi", "192.168.60"])("cannot be %s", (host) => {
    expect(forwardedHostProblem(host)).toBeDefined();
  });
});
