/** The program that has K3s make the pods' network anew, on real interfaces. Needs root, no lab. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CONDITION } from "../../testing/patience.ts";
import { TestMachine } from "../edge/testing/machines.ts";
import { readScript } from "../remote/script.ts";
import { FOLLOW_PROGRAM } from "./scripts.ts";

/** K3s: a start makes the pods' network, on the interface that is there; how often is kept. */
const SYSTEMCTL = `#!/bin/bash
case $1 in
  restart) echo x >>/run/starts; ip link add flannel.1 type vxlan id 1 dstport 8472 dev fogline0 ;;
  is-active) [ -e /run/active ] ;;
  show) echo 0 ;;
esac
`;
/** Whether the pods' network is there; /sys may be the computer's. */
const HAS_NETWORK = "has_network() { ip link show flannel.1 >/dev/null 2>&1; }";
let machine: TestMachine;

beforeAll(async () => {
  machine = await TestMachine.start("followed");
  machine.must(`cat >/usr/local/sbin/systemctl <<'STUB'
${SYSTEMCTL}STUB
cat >/run/follow <<'PROGRAM'
${readScript(FOLLOW_PROGRAM)}PROGRAM
    : >/run/starts
    touch /run/active
    ip link add fogline0 type bridge
    systemctl restart
    setsid bash /run/follow k3s-agent.service fogline0 >/dev/null 2>&1 &`);
});

afterAll(() => {
  machine.stop();
});

/** How often K3s has been started, once it has been that often. */
function starts(wanted: number): string {
  return machine.must(`${HAS_NETWORK}
  for i in {1..${CONDITION / 100}}; do
    [ "$(wc -l </run/starts)" -lt ${wanted} ] || ! has_network || break
    sleep 0.1
  done
  wc -l </run/starts`);
}

describe("the pods' network", () => {
  it("goes with the interface under it, and comes back with that", () => {
    machine.must(`${HAS_NETWORK}; ip link delete fogline0; ! has_network`);
    machine.must("ip link add fogline0 type bridge");
    expect(starts(2).trim()).toBe("2");
  });

  it("is left alone while it is there, whatever else comes and goes", () => {
    machine.must("for i in {1..5}; do ip link add veth$i type bridge; ip link delete veth$i; done");
    machine.must("ip link delete fogline0; ip link add fogline0 type bridge");
    expect(starts(3).trim()).toBe("3");
  });

  it("is not made by a K3s that is stopped", () => {
    machine.must("rm /run/active; ip link delete fogline0; ip link add fogline0 type bridge");
    machine.must("ip link add other type bridge; ip link delete other");
    machine.must(
      `${HAS_NETWORK}; ! has_network && touch /run/active; ip link add more type bridge`,
    );
    expect(starts(4).trim()).toBe("4");
  });
});
