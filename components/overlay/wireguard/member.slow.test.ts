/** A member's script on machines with real WireGuard. Needs root and wireguard-go, no lab. */
import { afterAll, beforeAll, expect, it } from "vitest";

import { CONDITION } from "../../../testing/patience.ts";
import { HUB, succeed, TestFog } from "../../edge/testing/fog.ts";
import { pingOnce, type Ran } from "../../edge/testing/machines.ts";
import { render } from "../../remote/render.ts";
import { readScript } from "../../remote/script.ts";
import { writeConf } from "./conf.ts";
import { MEMBER_SCRIPT } from "./scripts.ts";
import { watchValues } from "./watch.ts";

const ADDRESS = "10.101.2.17";
let fog: TestFog;

beforeAll(async () => {
  fog = await TestFog.start();
  fog.cabin.must("umask 077; wg genkey >/etc/wireguard/fogline0.key");
});

afterAll(() => {
  fog[Symbol.dispose]();
});

/** Joins the device as the program does, for as many seconds at most. */
function joinOverlay(patience: number): Promise<Ran> {
  const hub = {
    name: "hub",
    publicKey: fog.hub.must("wg show fogline0 public-key").trim(),
    allowedIps: ["10.101.0.0/16"],
    endpoint: "198.51.100.1:51820",
  };
  const values = {
    ...{ NODE: "cabin", HUB, MTU: "1420", FORWARD: "no", NAMES: "", ...watchValues() },
    CONF: writeConf({ address: `${ADDRESS}/16`, mtu: 1420, peers: [hub] }),
  };
  return fog.cabin.run(
    `export PATIENCE=${patience}\n${render(readScript(MEMBER_SCRIPT), values)}`,
    "create",
  );
}

it("does not take a router with the hub's address for the hub", async () => {
  // The LAN's route is narrower than the overlay's, so a plain ping asks the router.
  fog.cabin.must("ip address add 10.101.0.50/24 dev lan");
  fog.routers.at(-1)?.must(`ip address add ${HUB}/24 dev lan-end`);
  fog.cabin.must(pingOnce(HUB));
  const { code, stderr } = await joinOverlay(3);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`no answer from the hub ${HUB}`)]);
});

it("has joined once the hub itself answers, whoever else has its address", async () => {
  const key = fog.cabin.must("wg pubkey </etc/wireguard/fogline0.key").trim();
  fog.hub.must(`wg set fogline0 peer ${key} allowed-ips ${ADDRESS}/32`);
  await succeed(joinOverlay(CONDITION / 1000));
});
