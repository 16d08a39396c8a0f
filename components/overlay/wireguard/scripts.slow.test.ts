/** Files of WireGuard on machines with real WireGuard: what cannot be loaded takes no other's place. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestMachine, type Ran } from "../../edge/testing/machines.ts";
import { bundleKeys } from "../../edge/enrolment.ts";
import { renderStep } from "../../remote/render.ts";
import { readScript } from "../../remote/script.ts";
import { operatorInterface } from "../operator.ts";
import { writeConf } from "./conf.ts";
import { KEY_SCRIPT, keyValues, MEMBER_SCRIPT, OPERATOR_SCRIPT } from "./scripts.ts";

const PEER = bundleKeys("peer").publicKey;
const FOLDER = "/root/.config/fogline";
const machines: TestMachine[] = [];

beforeAll(async () => {
  machines.push(await TestMachine.start("computer"));
});

afterAll(() => {
  computer().stop();
});

function computer(): TestMachine {
  const [machine] = machines;
  if (machine === undefined) {
    throw new Error("no machine was started");
  }
  return machine;
}

function must(script: string): string {
  return computer().must(script);
}

async function run(
  script: string | readonly string[],
  values: Readonly<Record<string, string>>,
  action = "create",
): Promise<Ran> {
  return computer().run(renderStep(readScript(script), values), action);
}

function confOf(range: string, publicKey = PEER): string {
  const address = range.replace(/\.0\.0\/\d+$/, ".255.254/16");
  return writeConf({
    address,
    mtu: 1420,
    peers: [{ name: "hub", publicKey, allowedIps: [range] }],
  });
}

describe("a member's configuration", () => {
  const values = { NODE: "hub", HUB: "", MTU: "1420", FORWARD: "no", NAMES: "", WATCH: "" };
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

describe.sequential("an operator's computer in the overlays of two stacks", () => {
  const join = (stack: string, range: string, action = "create"): Promise<Ran> =>
    run(
      OPERATOR_SCRIPT,
      {
        STACK: stack,
        FOLDER: `${FOLDER}/${stack}`,
        INTERFACE: operatorInterface(stack),
        CONF: confOf(range),
        HUB: "127.0.0.1",
        EARLIER: FOLDER,
      },
      action,
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
${confOf("10.101.0.0/16").replace("@PRIVATE_KEY@", must(`cat ${FOLDER}/fogline0.key`).trim())}END
wg-quick up ${FOLDER}/fogline0.conf >/dev/null 2>&1`);
    expect(await keyOf("dev")).toContain(earlier);
    const { code, stderr } = await join("dev", "10.101.0.0/16");
    expect(code, stderr).toBe(0);
    expect(links()).toEqual(["fog-dev"]);
    expect(must("wg show fog-dev public-key").trim()).toBe(earlier);
    expect(must(`ls ${FOLDER}`).trim()).toBe("dev");
  });

  it("stays in the first while it joins the second, and comes back to each", async () => {
    await keyOf("prod");
    expect((await join("prod", "10.102.0.0/16")).code).toBe(0);
    expect((await join("dev", "10.101.0.0/16", "update")).code).toBe(0);
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

  it("leaves one and stays in the other", async () => {
    expect((await join("dev", "10.101.0.0/16", "delete")).code).toBe(0);
    expect(links()).toEqual(["fog-prod"]);
    expect(must(`ls ${FOLDER}/dev`).trim()).toBe("fog-dev.key");
  });
});
