/** The program that looks after routes to pods, on real routes and real WireGuard. Needs root and wireguard-go, no lab. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CONDITION } from "../../testing/patience.ts";
import { pingOnce, TestMachine } from "../edge/testing/machines.ts";
import { writeConf, type Peer } from "../overlay/wireguard/conf.ts";
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

/** A node of a hub, a worker and a device, which has one pod. */
interface Node {
  readonly machine: TestMachine;
  readonly address: string;
  readonly pods: string;
}

describe("pods over real WireGuard", () => {
  const nodes: Node[] = [];

  beforeAll(async () => {
    for (const [n, name] of ["hub", "worker", "device"].entries()) {
      const node = {
        machine: await TestMachine.start(name),
        ...{ address: `10.101.${n}.1`, pods: `10.42.${n}.0/24` },
      };
      nodes.push(node);
      // The pod: an address of its node's part of the range.
      node.machine.must(`ip address add ${podOf(node)}/32 dev lo`);
    }
    const [hub, ...spokes] = nodes as [Node, ...Node[]];
    spokes.forEach(({ machine }, n) => {
      const [here, there] = [1, 2].map((end) => `192.0.2.${4 * n + end}/30`) as [string, string];
      hub.machine.cable(machine, `wire${n}`, here, there);
    });
    hub.machine.must("echo 1 >/proc/sys/net/ipv4/ip_forward");
    const keys = nodes.map(({ machine }) =>
      machine.must("umask 077; wg genkey | tee /etc/wireguard/key | wg pubkey").trim(),
    );
    const peer = (n: number, more: Omit<Peer, "name" | "publicKey">): Peer => ({
      ...{ name: `node${n}`, publicKey: keys[n] ?? "", ...more },
    });
    tunnel(
      hub,
      [1, 2].map((n) => peer(n, { allowedIps: [`${nodes[n]?.address ?? ""}/32`] })),
    );
    spokes.forEach((spoke, n) => {
      const endpoint = `192.0.2.${4 * n + 1}:51820`;
      tunnel(spoke, [peer(0, { allowedIps: ["10.101.0.0/16"], endpoint, keepalive: 15 })]);
      spoke.machine.must(pingOnce(hub.address));
    });
    for (const node of nodes) {
      for (const { address, pods } of nodes.filter((other) => other !== node)) {
        node.machine.must(`ip route add ${pods} via ${address} dev fogline0`);
      }
    }
  });

  afterAll(() => {
    nodes.forEach(({ machine }) => {
      machine.stop();
    });
  });

  function podOf({ pods }: Pick<Node, "pods">): string {
    return pods.replace("0/24", "7");
  }

  function tunnel({ machine, address }: Node, peers: readonly Peer[]): void {
    const conf = writeConf({ address: `${address}/16`, mtu: 1420, listenPort: 51_820, peers });
    machine.must(`cat >/etc/wireguard/fogline0.conf <<'CONF'
${conf}CONF
      sed -i "s#@PRIVATE_KEY@#$(cat /etc/wireguard/key)#" /etc/wireguard/fogline0.conf
      wg-quick up fogline0 2>/dev/null`);
  }

  it("reach each other once every node has the program, with packets as large as the tunnel's", () => {
    const [hub, worker, device] = nodes as [Node, Node, Node];
    const ask = `ping -q -I ${podOf(worker)} -M do -s 1392 -c 1`;
    // WireGuard has no peer for a pod, whatever the route says.
    worker.machine.must(`! ${ask} -W 1 ${podOf(device)}`);
    for (const { machine } of nodes) {
      machine.must(`cat >/run/follow <<'PROGRAM'
${readScript(FOLLOW_ROUTES_PROGRAM)}PROGRAM
        setsid bash /run/follow k3s.service fogline0 10.42.0.0/16 >/dev/null 2>&1 &`);
    }
    for (const other of [device, hub]) {
      worker.machine.must(`${ask} -w ${CONDITION / 1000} ${podOf(other)}`);
    }
    expect(hub.machine.must("wg show fogline0 allowed-ips | cut -f 2- | sort")).toBe(
      "10.101.1.1/32 10.42.1.0/24\n10.101.2.1/32 10.42.2.0/24\n",
    );
  });

  it("of a node that says it has another's are not believed by the hub", () => {
    const [, worker, device] = nodes as [Node, Node, Node];
    device.machine.must("ip address add 10.42.1.9/32 dev lo");
    device.machine.must(`! ping -q -I 10.42.1.9 -c 2 -W 1 ${podOf(nodes[0] as Node)}`);
    worker.machine.must(`ping -q -I ${podOf(worker)} -w ${CONDITION / 1000} -c 1 ${podOf(device)}`);
  });
});
