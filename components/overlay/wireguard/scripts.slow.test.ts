/** Files of WireGuard on machines with real WireGuard: what cannot be loaded takes no other's place. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CONDITION } from "../../../testing/patience.ts";
import { bundleKeys } from "../../edge/enrolment.ts";
import { succeed } from "../../edge/testing/fog.ts";
import { pingOnce, type Ran, TestMachine } from "../../edge/testing/machines.ts";
import { renderStep } from "../../remote/render.ts";
import { readScript } from "../../remote/script.ts";
import { operatorInterface } from "../../../config/names.ts";
import { writeConf } from "./conf.ts";
import { KEY_SCRIPT, keyValues, MEMBER_SCRIPT, OPERATOR_SCRIPT } from "./scripts.ts";
import { watchValues } from "./watch.ts";

const PEER = bundleKeys("peer").publicKey;
const FOLDER = "/root/.config/fogline";
let computer: TestMachine;
/** The hubs of two overlays, behind one router: interfaces `dev` and `prod`. */
let hubs: TestMachine;

beforeAll(async () => {
  [computer, hubs] = await Promise.all([TestMachine.start("computer"), TestMachine.start("hubs")]);
  hubs.cable(computer, "lan", "192.168.60.1/24", "192.168.60.10/24");
});

afterAll(() => {
  computer.stop();
  hubs.stop();
});

function must(script: string): string {
  return computer.must(script);
}

async function run(
  script: string | readonly string[],
  values: Readonly<Record<string, string>>,
  action = "create",
  patience = CONDITION / 1000,
): Promise<Ran> {
  const step = renderStep(readScript(script), values);
  return computer.run(`export PATIENCE=${patience}\n${step}`, action);
}

function confOf(range: string, publicKey = PEER, port = 51820): string {
  const hub = { name: "hub", publicKey, allowedIps: [range], endpoint: `192.168.60.1:${port}` };
  return writeConf({ address: `${operatorIn(range)}/16`, mtu: 1420, peers: [hub] });
}

function operatorIn(range: string): string {
  return range.replace(/\.0\.0\/\d+$/, ".255.254");
}

function hubIn(range: string): string {
  return range.replace(/\.0\/\d+$/, ".1");
}

describe("a member's configuration", () => {
  const values = { NODE: "hub", HUB: "", MTU: "1420", FORWARD: "no", NAMES: "", ...watchValues() };
  const conf = "/etc/wireguard/fogline0.conf";

  it("stays, and its tunnel with it, where wg cannot load another", async () => {
    await run(KEY_SCRIPT, keyValues("hub"));
    const good = confOf("10.103.0.0/16");
    expect((await run(MEMBER_SCRIPT, { ...values, CONF: good })).code).toBe(0);
    const before = must(`cat ${conf}`);
    for (const bad of [
      good.replace(PEER, `Welcome to raspberrypi\n${PEER}`),
      good.replace(/^PrivateKey.*$/m, ""),
      "",
    ]) {
      const { code, stderr } = await run(MEMBER_SCRIPT, { ...values, CONF: bad }, "update");
      expect([code, must(`cat ${conf}`)]).toEqual([1, before]);
      expect(stderr).toContain("wg cannot load the configuration: the one that is there stays");
      expect(must("wg show fogline0 peers").trim()).toBe(PEER);
    }
    expect(must("ls /etc/wireguard").trim().split("\n")).toEqual(["fogline0.conf", "fogline0.key"]);
    must("wg-quick down fogline0 2>&1");
  });
});

describe("an operator's computer in the overlays of two stacks", () => {
  const ports = { dev: 51820, prod: 51821 };
  const keys = new Map<string, string>();

  beforeAll(() => {
    for (const [stack, range] of [
      ["dev", "10.101.0.0/16"],
      ["prod", "10.102.0.0/16"],
    ] as const) {
      const key = hubs.must(`umask 077
cat >/etc/wireguard/${stack}.conf <<END
[Interface]
Address = ${hubIn(range)}/16
ListenPort = ${ports[stack]}
PrivateKey = $(wg genkey)
END
wg-quick up ${stack} >/dev/null 2>&1
wg show ${stack} public-key`);
      keys.set(range, key.trim());
    }
  });

  /** Lets the operator's computer into the hub of a stack. */
  const letIn = (stack: "dev" | "prod", range: string, key: string): void => {
    hubs.must(`wg set ${stack} peer ${key.trim()} allowed-ips ${operatorIn(range)}/32`);
  };
  const join = (
    stack: string,
    range: string,
    action = "create",
    patience = CONDITION / 1000,
  ): Promise<Ran> =>
    run(
      OPERATOR_SCRIPT,
      {
        STACK: stack,
        FOLDER: `${FOLDER}/${stack}`,
        INTERFACE: operatorInterface(stack),
        CONF: confOf(range, keys.get(range), range === "10.102.0.0/16" ? ports.prod : ports.dev),
        HUB: hubIn(range),
        EARLIER: FOLDER,
      },
      action,
      patience,
    );
  const keyOf = async (stack: string): Promise<string> => {
    const KEY = `${FOLDER}/${stack}/${operatorInterface(stack)}.key`;
    const own = { NODE: "this computer", OPERATOR: "yes" };
    return (await run(KEY_SCRIPT, { ...own, KEY, EARLIER: `${FOLDER}/fogline0.key` })).stdout;
  };
  const links = (): string[] =>
    must("wg show interfaces")
      .trim()
      .split(/\s+/)
      .filter((name) => name !== "")
      .sort();

  it("takes the key of an earlier version along, and gives up the interface that it had", async () => {
    const earlier = must(
      `umask 077; mkdir -p ${FOLDER}; wg genkey | tee ${FOLDER}/fogline0.key | wg pubkey`,
    ).trim();
    must(`cat >${FOLDER}/fogline0.conf <<END
${confOf("10.101.0.0/16", keys.get("10.101.0.0/16")).replace("@PRIVATE_KEY@", must(`cat ${FOLDER}/fogline0.key`).trim())}END
wg-quick up ${FOLDER}/fogline0.conf >/dev/null 2>&1`);
    expect(await keyOf("dev")).toContain(earlier);
    letIn("dev", "10.101.0.0/16", earlier);
    const { code, stderr } = await join("dev", "10.101.0.0/16");
    expect(code, stderr).toBe(0);
    expect(links()).toEqual(["fog-dev"]);
    expect(must("wg show fog-dev public-key").trim()).toBe(earlier);
    expect(must(`ls ${FOLDER}`).trim()).toBe("dev");
  });

  it("stays in the first while it joins the second, and comes back to each", async () => {
    await keyOf("prod");
    const key = must(`wg pubkey <${FOLDER}/prod/fog-prod.key`);
    letIn("prod", "10.102.0.0/16", key);
    await succeed(join("prod", "10.102.0.0/16"));
    await succeed(join("dev", "10.101.0.0/16", "update"));
    expect(links()).toEqual(["fog-dev", "fog-prod"]);
  });

  it("is not let into a third with the addresses of one of them", async () => {
    await keyOf("test");
    const { code, stderr } = await join("test", "10.101.0.0/16");
    expect(code).toBe(1);
    expect(stderr).toContain("the overlay of stack test has the addresses 10.101.0.0/16");
    expect(stderr).toContain("so has the tunnel fog-dev of this computer");
    expect(links()).toEqual(["fog-dev", "fog-prod"]);
  });

  it("does not take a router with the hub's address for the hub", async () => {
    // The LAN's route is narrower than the overlay's, so a plain ping asks the router.
    must("ip address add 10.104.0.50/24 dev lan-end");
    hubs.must("ip address add 10.104.0.1/24 dev lan");
    must(pingOnce("10.104.0.1"));
    await keyOf("home");
    const { code, stderr } = await join("home", "10.104.0.0/16", "create", 3);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("no answer from the hub 10.104.0.1"),
    ]);
    await succeed(join("home", "10.104.0.0/16", "delete"));
  });

  it("leaves one and stays in the other", async () => {
    expect((await join("dev", "10.101.0.0/16", "delete")).code).toBe(0);
    expect(links()).toEqual(["fog-prod"]);
    expect(must(`ls ${FOLDER}/dev`).trim()).toBe("fog-dev.key");
  });
});
