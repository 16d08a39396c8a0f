import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { FakeMachine, type Ran } from "../k3s/testing/machine.ts";
import { HUB_SCRIPT } from "./netmaker/scripts.ts";
import { yieldValues } from "./netmaker/yield.ts";
import { MEMBER_SCRIPT } from "./wireguard/scripts.ts";
import { watchValues } from "./wireguard/watch.ts";

const CONF = "etc/wireguard/fogline0.conf";
let hub: FakeMachine;

beforeEach(() => {
  hub = new FakeMachine();
  hub.write("etc/wireguard/fogline0.key", `${"A".repeat(43)}=\n`);
  // Its systemd starts whatever unit by this program.
  hub.write("usr/local/lib/fogline/k3s-inputs", "#!/bin/sh\n", 0o755);
});

afterEach(() => {
  hub.remove();
});

function conf(port: number, address = "10.101.0.1/16"): string {
  return `[Interface]\nPrivateKey = @PRIVATE_KEY@\nAddress = ${address}\nListenPort = ${port}\n`;
}

/** The hub's step, with another configuration than the one that is there. */
function change(text: string): Promise<Ran> {
  return hub.run(MEMBER_SCRIPT, "update", {
    NODE: "masternode",
    CONF: text,
    HUB: "",
    MTU: "1420",
    FORWARD: "no",
    NAMES: "",
    ...watchValues(),
  });
}

describe("a hub with devices that joined by a bundle", () => {
  beforeEach(() => {
    hub.write(CONF, conf(51820));
    hub.write("var/lib/fogline/enrolment/attic/device", "key of the device\n");
    hub.write("var/lib/fogline/enrolment/attic/address", "10.101.2.9\n");
  });

  it.each([
    ["port", conf(51999)],
    ["range", conf(51820, "10.77.0.1/16")],
  ])("refuses another %s before anything is changed", async (_what, text) => {
    const before = hub.snapshot();
    const { code, stderr } = await change(text);
    expect(code).toBe(1);
    expect(stderr).toMatch(/attic joined by a bundle .* fogline:overlay\.listenPort/);
    expect(hub.snapshot()).toBe(before);
  });

  it("takes what leaves its place as it is", async () => {
    const { stderr } = await change(`${conf(51820)}MTU = 1300\n`);
    expect(stderr).not.toContain("cut off");
    expect(hub.read(CONF)).toContain("MTU = 1300");
  });
});

describe("a hub with devices that somebody reaches", () => {
  it("takes another port", async () => {
    hub.write(CONF, conf(51820));
    await change(conf(51999));
    expect(hub.read(CONF)).toContain("ListenPort = 51999");
  });
});

describe("a hub of Netmaker with devices that joined by a bundle", () => {
  /** The hub's step, for another address or port than it has. */
  const change = (address: string, port: string): Promise<Ran> =>
    hub.run(HUB_SCRIPT, "update", {
      ...{ NODE: "masternode", SERVER: "netmaker.fog.io", TOKEN: "t", ENDPOINT: "203.0.113.7" },
      ...{ ADDRESS: address, PORT: port, MTU: "1420", ...yieldValues() },
      ...{ URL: "https://files.fog.io/netclient", SHA256: "0".repeat(64) },
      PROGRAM: "/usr/local/lib/fogline-netmaker/netclient-0",
    });

  beforeEach(() => {
    const own = "7: netmaker    inet 10.101.0.1/16 scope global netmaker";
    hub.command("ip", `[[ "$*" != *netmaker* ]] || echo '${own}'`);
    hub.write("var/lib/fogline/enrolment/attic/device", "key of the device\n");
    hub.write(
      "var/lib/fogline/enrolment/attic/conf",
      "[Peer]\nAllowedIPs = 10.101.0.0/16\nEndpoint = 203.0.113.7:51820\n",
    );
  });

  it.each([
    ["port", "10.101.0.1", "51999", "address 10.101.0.1 port 51999"],
    ["range", "10.77.0.1", "51820", "address 10.77.0.1 port 51820"],
  ])("refuses another %s before anything is changed", async (_what, address, port, place) => {
    const before = hub.snapshot();
    const { code, stderr } = await change(address, port);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `attic joined by a bundle and would be cut off for good: the hub would move from address 10.101.0.1 port 51820 to ${place}`,
    );
    expect(hub.snapshot()).toBe(before);
  });

  it("goes on where its place stays, or no device was told of one", async () => {
    expect((await change("10.101.0.1", "51820")).stderr).not.toContain("cut off");
    hub.write("var/lib/fogline/enrolment/attic/conf", "");
    const { stderr } = await change("10.101.0.1", "51999");
    expect(stderr).not.toContain("cut off");
    expect(stderr).toContain("netclient");
  });
});
