import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { FakeMachine } from "../k3s/testing/machine.ts";
import { FILES_SCRIPT } from "../remote/script.ts";
import { NAMES_SCRIPT } from "./hosts-file.ts";
import { STRANDED_SCRIPT } from "./stranded.ts";
import { watchValues } from "./wireguard/watch.ts";

const CONF = "etc/wireguard/fogline0.conf";
let hub: FakeMachine;

beforeEach(() => {
  hub = new FakeMachine();
  hub.write(CONF, conf("10.101.0.2", "10.101.2.9"));
  hub.write("etc/wireguard/fogline0.key", "key\n");
  hub.write("etc/rancher/k3s/k3s.yaml", "kind: Config\n");
  hub.install(
    '#!/bin/bash\necho "$*" >>"$STATE/log"\n' +
      'case "$*" in *"get nodes"*) printf "workernode 10.101.0.2\\nattic 10.101.2.9\\n" ;; esac\n',
  );
});

afterEach(() => {
  hub.remove();
});

function conf(...peers: readonly string[]): string {
  const each = peers.map((address) => `\n[Peer]\nAllowedIPs = ${address}/32\n`);
  return `[Interface]\nPrivateKey = @PRIVATE_KEY@\nListenPort = 51820\n${each.join("")}`;
}

/** Nodes that the hub's step drains on its way to another configuration. */
async function drained(text: string): Promise<string[]> {
  const member = join(import.meta.dirname, "wireguard/scripts/member.sh");
  const parts = [FILES_SCRIPT, NAMES_SCRIPT, STRANDED_SCRIPT, member];
  const values = {
    NODE: "masternode",
    HUB: "",
    MTU: "1420",
    FORWARD: "no",
    NAMES: "",
    ...watchValues(),
  };
  await hub.run(parts, "update", { ...values, CONF: text });
  return hub.calls().flatMap((call) => / drain (\S+) /.exec(call)?.[1] ?? []);
}

describe("the hub of plain WireGuard", () => {
  it("has a node's pods moved away before it cuts the node off", async () => {
    expect(await drained(conf("10.101.0.2"))).toEqual(["attic"]);
  });

  it("moves none while everybody stays", async () => {
    expect(await drained(conf("10.101.0.2", "10.101.2.9", "10.101.2.10"))).toEqual([]);
  });
});
