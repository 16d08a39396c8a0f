/**
 * The lab with an overlay of kind netmaker: up from nothing, in use, its server away and restored, a
 * visitor's device kept out, and gone again. First with PostgreSQL, which machines have from their first
 * boot on, then with SQLite.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CONDITION } from "../../../testing/patience.ts";
import { NETMAKER_ACCESS } from "../../engine/outputs.ts";
import { forwarderUrl } from "../../forwarder.ts";
import { NAMESPACES, PROJECT } from "../../layout.ts";
import { createSecondHome } from "../../machines/network.ts";
import { inside } from "../../testing/machines.ts";
import { ask, GIVES_UP, lab, timing, until } from "../../testing/lab.ts";
import { offerUi, PAGE } from "../../testing/netmaker/ui.ts";
import { changeSettings, restoreSettings } from "../../testing/stack-file.ts";
import { start } from "../../testing/host/up.ts";

/** Seconds that the server is away under load; the full proof takes 600. */
const OUTAGE = Number(process.env["NETMAKER_OUTAGE"] ?? "30");
/** Visits a second meanwhile. */
const RATE = 20;
/** Seconds that one node may need for its own move, and visits that may fail meanwhile. */
const ONE_NODE = 20;
const NODES = ["masternode", "workernode", "raspberrypi"];

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

beforeAll(() => {
  changeSettings({ "overlay.kind": "netmaker", "netmaker.database": "postgres" });
});

afterAll(() => {
  restoreSettings();
  rmSync(folder, { recursive: true });
});

/** A visit of the website. */
interface Visit {
  /** Seconds since the first one. */
  readonly at: number;
  /** What it got instead of the page. */
  readonly failure?: string;
}

/** Visits at the rate until something has ended. */
async function visitsWhile(work: Promise<unknown>): Promise<Visit[]> {
  const site = forwarderUrl() ?? "";
  const visits: Promise<Visit>[] = [];
  const over = new AbortController();
  const ended = work.finally(() => {
    over.abort();
  });
  const started = Date.now();
  while (!over.signal.aborted) {
    const due = started + (visits.length * 1000) / RATE;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now())));
    const at = (Date.now() - started) / 1000;
    visits.push(
      ask(site).then(
        ({ status }) => (status === 200 ? { at } : { at, failure: `status ${status}` }),
        (error: unknown) => ({ at, failure: String(error) }),
      ),
    );
  }
  await ended;
  return Promise.all(visits);
}

/** The visits that failed. */
function failuresOf(visits: readonly Visit[]): Visit[] {
  return visits.filter(({ failure }) => failure !== undefined);
}

/** Every node of the cluster is Ready; on a busy computer one's report comes late now and then. */
async function expectReady(): Promise<void> {
  await until("every node to be Ready", () =>
    lab("kubectl", "wait", "--for=condition=Ready", GIVES_UP, "node", ...NODES),
  );
}

/** Changes the overlay's kind under visits: every node stays, few visits fail. */
async function move(where: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  const uids = (): Promise<string> =>
    lab("kubectl", "get", "nodes", "-o", "jsonpath={.items[*].metadata.uid}");
  const before = await uids();
  changeSettings(settings);
  const since = Date.now();
  const { ended } = start("up");
  const visits = await visitsWhile(ended);
  const { exitCode, said } = await ended;
  expect(exitCode, said).toBe(0);
  timing(`move to ${where}`, since);
  const failures = failuresOf(visits);
  const each = failures.map(({ at, failure }) => `\n  ${at.toFixed(2)} s: ${failure ?? ""}`);
  console.log(`visits: ${visits.length}, failed: ${failures.length}${each.join("")}`);
  // As a rule none: a request that meets a node on the move is tried on another one.
  expect(failures.length).toBeLessThanOrEqual(ONE_NODE);
  expect(await uids()).toBe(before);
  await expectReady();
}

/** What the server's host answers, asked with the trust that the master has in it. */
async function get(path: string): Promise<string> {
  return inside(
    "MasterNode",
    `curl -sS "https://$(sed -n 's/^SERVER_NAME=//p' /etc/fogline-netmaker/server.env)${path}"`,
  );
}

/**
 * Loses the server's database by a command, restores it from a backup, and once more over what is there:
 * the network is the same, and a broken backup changes nothing.
 */
async function expectRestored(loss: string, before: string): Promise<void> {
  await inside("MasterNode", "systemctl start fogline-netmaker-backup.service");
  const key = "wg show netmaker public-key";
  const known = await inside("MasterNode", key);
  const restored = await inside(
    "MasterNode",
    `set -e
     systemctl stop fogline-netmaker
     ${loss}
     fogline-netmaker-restore
     echo again: $(fogline-netmaker-restore)
     newest=$(ls /var/lib/fogline-netmaker/backups/* | tail -n 1)
     head -c 3000 $newest >/root/broken
     ! fogline-netmaker-restore /root/broken 2>&1
     rm /root/broken
     systemctl is-active fogline-netmaker`,
  );
  expect(restored).toMatch(/^restored \S+$/m);
  expect(restored).toMatch(/^again: restored \S+; what was there before is /m);
  expect(restored).toContain(before);
  expect(restored).toMatch(/\/root\/broken is no whole backup: [^]*nothing was changed\nactive$/);
  const said = await until("the host to be healthy", async () => {
    const text = await lab("network");
    return / Connected +Healthy$/m.test(text) ? text : undefined;
  });
  expect(said).toContain("Hosts 1  Clients 2  Egress 1");
  expect(await inside("MasterNode", key)).toBe(known);
  await inside("raspberrypi", `ping -c 1 -w ${CONDITION / 1000} 10.101.0.1`);
}

describe.sequential("the lab over Netmaker", () => {
  it("comes up whole from nothing", async () => {
    await lab("down");
    const since = Date.now();
    const { exitCode, said } = await start("up").ended;
    expect(exitCode, said).toBe(0);
    timing("up over Netmaker", since);
    await expectReady();
  });

  it("serves the poll from cloud and edge", async () => {
    const site = forwarderUrl() ?? "";
    const served = new Set<string>();
    await until("both tiers to serve", async () => {
      const { headers } = await ask(site);
      served.add(String(headers["x-served-on"]));
      return served.has("raspberrypi") && served.has("workernode") ? true : undefined;
    });
  });

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

  it("has nothing left to do", async () => {
    expect(await lab("up")).toMatch(/^resources: \d+ unchanged$/m);
  });

  it(`fails no visit while the server is away for ${OUTAGE} s`, async () => {
    await inside(
      "MasterNode",
      `systemctl kill --signal=KILL fogline-netmaker.service
       systemctl stop fogline-netmaker{,-broker,-proxy}.service`,
    );
    const visits = await visitsWhile(new Promise((resolve) => setTimeout(resolve, OUTAGE * 1000)));
    await inside(
      "MasterNode",
      "systemctl start fogline-netmaker-broker fogline-netmaker fogline-netmaker-proxy",
    );
    expect(failuresOf(visits)).toEqual([]);
    // All the while, though a busy computer may not keep the rate.
    expect(visits.length).toBeGreaterThan(OUTAGE);
    console.log(`visits while the server was away: ${visits.length}`);
    await expectReady();
  });

  it("knows its members again after its database is restored from a backup", async () => {
    const loss = "runuser -u postgres -- dropdb fogline_netmaker";
    await expectRestored(loss, "the database fogline_netmaker_before");
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

  it("refuses another database for a network that is there, and leaves it as it is", async () => {
    changeSettings({ "overlay.kind": "netmaker", "netmaker.database": "sqlite" });
    const { exitCode, said } = await start("up").ended;
    expect(exitCode).not.toBe(0);
    expect(said).toMatch(/fogline:netmaker\.database is sqlite, but the server here .* postgres/);
    expect(await lab("network")).toContain("Hosts 1  Clients 2  Egress 1");
  });

  it("moves to plain WireGuard without losing a node, and takes PostgreSQL's database away", async () => {
    await move("plain WireGuard", { "overlay.kind": "wireguard", "netmaker.database": "postgres" });
    const left = await inside(
      "MasterNode",
      `systemctl is-active postgresql || true
       systemctl start postgresql
       runuser -u postgres -- psql -Atc "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles" \
         | grep -c netmaker || true
       systemctl stop postgresql`,
    );
    expect(left).toBe("inactive\n0");
    expect(await inside("raspberrypi", "cat /etc/hosts")).not.toContain("netmaker");
  });

  it("moves to Netmaker again, with SQLite and a web application beside the API", async () => {
    await using ui = await offerUi();
    await move("Netmaker again", { "overlay.kind": "netmaker", "netmaker.ui": ui.setting });
    expect(await get("/")).toBe(PAGE);
    expect(await get("/networks/netmaker")).toBe(PAGE);
    expect(await get("/nmui-config.js")).toMatch(/^window.NMUI_BACKEND_URL='https:\/\/[\d.]+';$/);
    expect(await get("/api/server/status")).toContain('"db_connected":true');
  });

  it("knows its members again after its SQLite file is restored from a backup", async () => {
    const file = "/var/lib/fogline-netmaker/data/netmaker.db";
    await expectRestored(`rm ${file}*`, `${file}.before`);
  });

  it("takes the web application away with its setting", async () => {
    changeSettings({ "overlay.kind": "netmaker" });
    const { exitCode, said } = await start("up").ended;
    expect(exitCode, said).toBe(0);
    expect(await get("/")).not.toContain(PAGE);
    expect(await inside("MasterNode", "ls /usr/local/share")).not.toContain("fogline");
  });

  it("goes down by its own program", async () => {
    const { exitCode, said } = await start("down", "--destroy").ended;
    expect(exitCode, said).toBe(0);
    expect(said).toMatch(/resources: \d+ deleted/);
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
      ...["--import", "tsx", "lab/testing/netmaker/undeclared-client.ts", action, NETMAKER_ACCESS],
    ],
    { cwd: PROJECT },
  );
  return stdout;
}
