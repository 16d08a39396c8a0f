import { afterEach, beforeEach, expect, it } from "vitest";

import { FakeMachine } from "../../k3s/testing/machine.ts";
import { HUB_SCRIPT } from "./scripts.ts";
import { yieldValues } from "./yield.ts";

const ADDRESS = "10.101.0.1";
const SERVER = "netmaker.fog.io";
let hub: FakeMachine;

beforeEach(() => {
  hub = new FakeMachine();
  hub.mark("active");
  hub.command("ip", `echo '7: netmaker    inet ${ADDRESS}/16 scope global netmaker'`);
  hub.write("etc/netclient/servers.json", `{"a":{"api":"${SERVER}:443"}}`);
});

afterEach(() => {
  hub.remove();
});

function join(): ReturnType<FakeMachine["run"]> {
  return hub.run(HUB_SCRIPT, "update", {
    ...{ NODE: "masternode", SERVER, TOKEN: "t", ENDPOINT: "203.0.113.7", ADDRESS, PORT: "51820" },
    ...{ MTU: "1420", URL: "https://files.fog.io/netclient" },
    PROGRAM: "/usr/local/lib/fogline-netmaker/netclient-0",
    SHA256: hub.serve("#!/bin/sh\n"),
    ...yieldValues(),
  });
}

it("the hub makes way for plain WireGuard's, and a second run changes nothing", async () => {
  expect(await join()).toMatchObject({ code: 0 });
  expect(hub.read("etc/systemd/system/fogline-netmaker-hub.service")).toContain(
    "Conflicts=wg-quick@fogline0.service\n",
  );
  expect(hub.read("usr/local/sbin/fogline-netmaker-yield")).toContain("netclient uninstall");
  expect(hub.calls()).toContain("systemctl enable --quiet --now fogline-netmaker-hub.service");
  const before = hub.snapshot();
  expect(await join()).toMatchObject({ code: 0 });
  expect(hub.snapshot()).toBe(before);
  expect(hub.starts()).toBe(0);
});

it("its unit is this", () => {
  expect(yieldValues()["YIELD_SERVICE"]).toMatchSnapshot();
});
