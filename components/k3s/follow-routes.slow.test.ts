/** The program that looks after routes to pods, on real interfaces and routes. Needs root, no lab. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CONDITION } from "../../testing/patience.ts";
import { TestMachine } from "../edge/testing/machines.ts";
import { readScript } from "../remote/script.ts";
import { FOLLOW_ROUTES_PROGRAM } from "./scripts.ts";

/** K3s, whose starts are kept: flannel's routes are laid by the test. */
const SYSTEMCTL = `#!/bin/bash
case $1 in
  restart) echo x >>/run/starts ;;
  is-active) true ;;
  show) wc -l </run/starts ;;
esac
`;
/** WireGuard, as far as ranges of peers go: a file with a line for each. */
const WG = `#!/bin/bash
case $1 in
  show) cat /run/peers ;;
  set) sed -i "s#^$4\\t.*#$4\\t\${6//,/ }#" /run/peers ;;
esac
`;
let machine: TestMachine;

beforeAll(async () => {
  machine = await TestMachine.start("routed");
  machine.must(`
    cat >/usr/local/sbin/systemctl <<'STUB'
${SYSTEMCTL}STUB
    cat >/usr/local/sbin/wg <<'STUB'
${WG}STUB
    chmod +x /usr/local/sbin/wg
    cat >/run/follow <<'PROGRAM'
${readScript(FOLLOW_ROUTES_PROGRAM)}PROGRAM
    : >/run/starts
    printf '%s\\t%s\\n' W= 10.101.1.1/32 P= 10.101.2.1/32 O= 10.101.0.2/32 >/run/peers
    ${up("10.42.1.0/24 10.101.1.1")}
    setsid bash /run/follow k3s.service fogline0 10.42.0.0/16 >/dev/null 2>&1 &`);
});

afterAll(() => {
  machine.stop();
});

/** Makes the interface, and flannel's routes over it. */
function up(...routes: readonly string[]): string {
  return [
    "ip link add fogline0 type bridge",
    "ip address add 10.101.0.1/16 dev fogline0",
    "ip link set fogline0 up",
    ...routes.map((route) => `ip route add ${route.replace(" ", " via ")} dev fogline0`),
  ].join("\n");
}

/** Ranges of the peers, by their keys, once a line is among them. */
function peers(wanted: string): string {
  return machine.must(`for i in {1..${CONDITION / 100}}; do
    ! grep -qxF $'${wanted}' /run/peers || break
    sleep 0.1
  done
  cat /run/peers`);
}

describe("routes to pods", () => {
  it("are let through by the peer that each leads to, and by no other one", () => {
    expect(peers("W=\\t10.101.1.1/32 10.42.1.0/24")).toBe(
      "W=\t10.101.1.1/32 10.42.1.0/24\nP=\t10.101.2.1/32\nO=\t10.101.0.2/32\n",
    );
  });

  it("are let through where a node comes, and no more where it has gone", () => {
    machine.must("ip route add 10.42.2.0/24 via 10.101.2.1 dev fogline0");
    machine.must("ip route delete 10.42.1.0/24");
    expect(peers("W=\\t10.101.1.1/32")).toContain("P=\t10.101.2.1/32 10.42.2.0/24\n");
  });

  it("are let through again after a configuration was loaded that does not name them", () => {
    machine.must("sed -i 's# 10.42.*##' /run/peers");
    expect(peers("P=\\t10.101.2.1/32 10.42.2.0/24")).toContain("O=\t10.101.0.2/32\n");
  });

  it("go with their interface, and K3s makes them anew on the next one", () => {
    machine.must(`ip link delete fogline0\n${up()}`);
    expect(
      machine
        .must(
          `for i in {1..${CONDITION / 100}}; do
        [ ! -s /run/starts ] || break
        sleep 0.1
      done
      wc -l </run/starts`,
        )
        .trim(),
    ).toBe("1");
  });
});
