/**
 * A lab over Netmaker in use, with SQLite, on what the story before has brought up: its server away and
 * restored, a visitor's device kept out, and the move to plain WireGuard.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";

import { bundle } from "../../bundle.ts";
import { NETMAKER_ACCESS } from "../../engine/outputs.ts";
import { NAMESPACES, PROJECT } from "../../layout.ts";
import { createSecondHome } from "../../machines/network.ts";
import { inside } from "../../testing/machines.ts";
import { lab, until } from "../../testing/lab.ts";
import {
  expectBothTiers,
  expectNoVisitFailsWithoutServer,
  expectReady,
  expectRestored,
  failuresOf,
  move,
  OUTAGE,
  visitsWhile,
} from "../../testing/host/netmaker.ts";
import { restoreSettings } from "../../testing/stack-file.ts";

/**
 * Puts a server in the proxy's place whose certificate is the same authority's, of long ago. (The master
 * was off for years, or its clock is wrong: a proxy that runs renews in time.)
 */
const EXPIRED_PROXY = `set -e
  host=$(sed -n 's/^SERVER_NAME=//p' /etc/fogline-netmaker/server.env)
  authority=/var/lib/fogline-netmaker-proxy/caddy/pki/authorities/local
  umask 077
  mkdir -p /run/fogline-expired
  cd /run/fogline-expired
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=$host \
    -addext subjectAltName=IP:$host -keyout key -out request 2>/dev/null
  openssl x509 -req -in request -copy_extensions copy -CA $authority/root.crt -CAkey $authority/root.key \
    -not_before 20200101000000Z -not_after 20200102000000Z -out certificate 2>/dev/null
  systemctl stop fogline-netmaker-proxy
  systemd-run --quiet --collect --unit=fogline-expired \
    openssl s_server -quiet -accept 443 -key $PWD/key -cert $PWD/certificate -www`;

const folder = mkdtempSync(join(tmpdir(), "fogline-netmaker-"));

afterAll(() => {
  restoreSettings();
  rmSync(folder, { recursive: true });
});

describe("the lab over Netmaker", () => {
  it("serves the poll from cloud and edge", expectBothTiers);

  it("shows one host, two clients and one egress, and draws them (S0-24, S0-28, S0-29)", async () => {
    const svg = join(folder, "network.svg");
    const said = await lab("network", `--svg=${svg}`);
    expect(said).toContain("Network netmaker  10.101.0.0/16");
    expect(said).toContain("Hosts 1  Clients 2  Egress 1");
    expect(said).toMatch(
      /^Host Name +Private Address \(IPv4\) +Public Address +Connectivity +Health Status$/m,
    );
    expect(said).toMatch(/^masternode +10\.101\.0\.1\/16 +203\.0\.113\.\d+ +Connected +Healthy$/m);
    const drawn = readFileSync(svg, "utf8");
    for (const name of ["masternode (gateway)", "raspberrypi", "operator", "10.10.0.0/16"]) {
      expect(drawn).toContain(name);
    }
  });

  it("has its members' names on its machines", async () => {
    const named = (machine: string, names: string): Promise<string> =>
      inside(machine, `getent hosts ${names} | awk '{ print $1, $2 }'`);
    expect(await named("raspberrypi", "masternode.netmaker raspberrypi.netmaker")).toBe(
      "10.101.0.1 masternode.netmaker\n10.101.255.253 raspberrypi.netmaker",
    );
    expect(await named("MasterNode", "raspberrypi.netmaker workernode.netmaker")).toMatch(
      /^10\.101\.255\.253 raspberrypi\.netmaker\n10\.10\.1\.\d+ workernode\.netmaker$/,
    );
    expect(await named("WorkerNode", "masternode.netmaker")).toBe("10.101.0.1 masternode.netmaker");
  });

  it(`fails no visit while the server is away for ${OUTAGE} s`, expectNoVisitFailsWithoutServer);

  it("knows its members again after its SQLite file is restored from a backup", async () => {
    const file = "/var/lib/fogline-netmaker/data/netmaker.db";
    await expectRestored(`rm ${file}*`, `${file}.before`);
    await expectReady();
  });

  it("is sent nothing once its certificate has expired, and the website does not notice", async () => {
    await inside("MasterNode", EXPIRED_PROXY);
    const asked = lab("network");
    const visits = await visitsWhile(asked.then(undefined, () => undefined));
    await expect(asked).rejects.toThrow(
      /certificate has expired; by this computer's clock it is 2/,
    );
    await inside(
      "MasterNode",
      "systemctl stop fogline-expired && systemctl start fogline-netmaker-proxy",
    );
    expect(failuresOf(visits)).toEqual([]);
    await until("the API to be trusted again", () => lab("network"));
  });

  it("lets a visitor's device into its tunnel and nowhere else", async () => {
    await createSecondHome();
    const namespace = `--net=/run/netns/${NAMESPACES.home2}`;
    const conf = join(folder, "visitor.conf");
    writeFileSync(conf, await visitor("create"), { mode: 0o600 });
    const wg = (...args: string[]) => execa("nsenter", [namespace, "setsid", ...args]);
    await wg("wg-quick", "up", conf);
    try {
      // What it asks for is dropped, but its tunnel stands.
      const asked = await execa(
        "nsenter",
        [namespace, "curl", "-sk", "--max-time", "8", "https://10.101.0.1:6443/version"],
        { reject: false },
      );
      expect(asked.exitCode).toBe(28);
      await until("the tunnel to stand", async () => {
        const { stdout } = await wg("wg", "show", "visitor", "latest-handshakes");
        return Number(stdout.split("\t")[1]) > 0 ? true : undefined;
      });
    } finally {
      await wg("wg-quick", "down", conf);
      await visitor("delete");
    }
  });

  it("moves to plain WireGuard without losing a node, and leaves nothing of Netmaker", async () => {
    await move("plain WireGuard", { "overlay.kind": "wireguard" });
    expect(await inside("raspberrypi", "cat /etc/hosts")).not.toContain("netmaker");
    expect(
      await inside(
        "MasterNode",
        "systemctl list-units --all 'fogline-netmaker*' --plain --no-legend",
      ),
    ).toBe("");
  });
});

/**
 * Makes or deletes the client of a device that nobody declared, from where the operator's laptop
 * stands; prints its configuration.
 */
async function visitor(action: "create" | "delete"): Promise<string> {
  const { stdout } = await execa(
    "nsenter",
    [
      `--net=/run/netns/${NAMESPACES.laptop}`,
      process.execPath,
      ...[await bundle("lab/testing/netmaker/undeclared-client.ts"), action, NETMAKER_ACCESS],
    ],
    { cwd: PROJECT },
  );
  return stdout;
}
