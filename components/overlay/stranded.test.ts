import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { FakeMachine, type Ran } from "../k3s/testing/machine.ts";
import { FILES_SCRIPT } from "../remote/script.ts";
import { NAMES_SCRIPT } from "./names.ts";
import { STRANDED_SCRIPT } from "./stranded.ts";

const CONF = "etc/wireguard/fogline0.conf";
let hub: FakeMachine;

beforeEach(() => {
  hub = new FakeMachine();
});

afterEach(() => {
  hub.remove();
});

function conf(port: number, address = "10.101.0.1/16"): string {
  return `[Interface]\nPrivateKey = @PRIVATE_KEY@\nAddress = ${address}\nListenPort = ${port}\n`;
}

/** The hub's step, with another configuration than the one that is there. */
function change(text: string): Promise<Ran> {
  const member = join(import.meta.dirname, "wireguard/scripts/member.sh");
  return hub.run([FILES_SCRIPT, NAMES_SCRIPT, STRANDED_SCRIPT, member], "update", {
    NODE: "masternode",
    CONF: text,
    HUB: "",
    MTU: "1420",
    FORWARD: "no",
    NAMES: "",
    WATCH: "",
  });
}

describe("a hub with devices that joined by a bundle", () => {
  beforeEach(() => {
    hub.write(CONF, conf(51820));
    hub.write("etc/wireguard/fogline0.key", "key\n");
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
  });
});

describe("a hub with devices that somebody reaches", () => {
  it("takes another port", async () => {
    hub.write(CONF, conf(51820));
    hub.write("etc/wireguard/fogline0.key", "key\n");
    expect((await change(conf(51999))).stderr).not.toContain("cut off");
  });
});
