/**
 * One story from no lab to a whole one, with everything that can go wrong on the way. Its tests
 * follow from each other, so the first that fails ends it.
 */
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterEach, beforeAll, describe, expect, it } from "vitest";

import { MACHINES, NAMESPACES, PROJECT } from "../../layout.ts";
import { inside, sshLogins } from "../../testing/machines.ts";
import { lab, timing } from "../../testing/lab.ts";
import { changeSettings, restoreSettings } from "../../testing/stack-file.ts";
import { killMachine, nodesReady } from "../../testing/host/restart.ts";
import { killAll, start, upUntil, urns, type Ended } from "../../testing/host/up.ts";

afterEach(restoreSettings);

/** Runs `up` where it must fail; it says so within bounds and names where. */
async function upFails(what: string): Promise<string> {
  const since = Date.now();
  const { exitCode, said } = await start("up").ended;
  timing(`up with ${what}, until it said so`, since);
  expect(exitCode, said).toBe(1);
  return said;
}

/** Public half of a machine's WireGuard key; empty for a machine without a tunnel. */
async function keyOf(machine: string): Promise<string> {
  return inside(machine, "wg show all public-key 2>/dev/null || true");
}

async function piCable(state: "up" | "down"): Promise<void> {
  const net = `--net=/run/netns/${NAMESPACES.home}`;
  await execa("nsenter", [net, "ip", "link", "set", "vb-raspberrypi", state]);
}

const MACHINES_OF_LAB = ["MasterNode", "WorkerNode", "raspberrypi"];
const keys = new Map<string, string>();
const PROTECTED = { "cloud.protect": true };

describe("on the way up", () => {
  beforeAll(() => lab("down"));

  it("a file brought as official that cannot be one is refused and named", async () => {
    const artifacts = await mkdtemp(join(tmpdir(), "fogline-artifacts-"));
    try {
      await writeFile(join(artifacts, "k3s"), "not K3s");
      const run = await execa(process.execPath, ["lab/start.mjs", "up"], {
        cwd: PROJECT,
        reject: false,
        env: { ARTIFACTS: artifacts },
      });
      expect(run.exitCode).toBe(1);
      expect(run.stderr).toContain(join(artifacts, "k3s"));
      expect(run.stderr).toContain("SHA-256");
    } finally {
      await rm(artifacts, { recursive: true });
    }
  });

  it("a second up is refused with the name of the first, which is then killed", async () => {
    const first = await upUntil("machines");
    const second = await start("up").ended;
    await killAll(first);
    expect(second.exitCode).toBe(1);
    expect(second.said).toContain(`"make up" is running: process ${first.pid} of `);
  });

  it("stopped by Ctrl-C it leaves things in order", async () => {
    const run = await upUntil("engine");
    process.kill(run.pid, "SIGINT");
    const { exitCode, said } = await run.ended;
    expect(exitCode, said).toBe(130);
    expect(said).toContain("stopped; make up continues from here");
  });

  it("killed while the overlay is joined, it goes on", async () => {
    await killAll(await upUntil("overlay"));
  });

  it("a machine with another host key than the pinned one is refused and named", async () => {
    await inside(
      "raspberrypi",
      `ssh-keygen -q -t ed25519 -N "" -f /root/other-host-key
       echo "HostKey /root/other-host-key" >/etc/ssh/sshd_config.d/00-other-host-key.conf
       systemctl restart ssh`,
    );
    const before = await sshLogins("raspberrypi");
    const said = await upFails("another host key in the Pi's place");
    await inside(
      "raspberrypi",
      "rm /root/other-host-key* /etc/ssh/sshd_config.d/00-other-host-key.conf && systemctl restart ssh",
    );
    expect(said).toMatch(
      /SSH of raspberrypi at 192\.168\.50\.10:22: it shows the host key SHA256:\S+ \S+ not the pinned/,
    );
    expect(await sshLogins("raspberrypi")).toBe(before);
  });

  it("a download that is not the pinned one is refused and not installed", async () => {
    // Something that answers there and is no K3s: the registry's front page.
    changeSettings({ "k3s.download": "http://192.0.2.10:5000/v2/" });
    const said = await upFails("a download that is another file");
    const refused = /(\w+): what is at http:\S+ has SHA-256 \w+, not \w+: refused/.exec(said);
    expect(refused, said).not.toBeNull();
    // Whichever machine came first: the server may have had its K3s before the program was killed.
    const machine = MACHINES_OF_LAB.find((name) => name.toLowerCase() === refused?.[1]) ?? "";
    expect((await inside(machine, "ls /usr/local/bin")).split("\n")).not.toContain("k3s");
  });

  it("a Pi that cannot be reached is named after a bounded wait", async () => {
    await piCable("down");
    const said = await upFails("the Pi's cable out");
    await piCable("up");
    expect(said).toMatch(
      /SSH of raspberrypi at 192\.168\.50\.10:22: (no route to it|no answer within 10 s)/,
    );
    expect(urns().some((urn) => urn.endsWith("::MasterNode-machine"))).toBe(true);
  });

  it("a Pi whose clock is wrong is told both times", async () => {
    // Machines of the lab share this computer's clock: the Pi's is read wrong instead.
    await inside(
      "raspberrypi",
      `printf '#!/bin/sh\\ncase " $* " in *" -"*d*) ;; *) set -- -d "2 days ago" "$@" ;; esac\\nexec /usr/bin/date "$@"\\n' \
         >/usr/local/bin/date
       chmod 0755 /usr/local/bin/date`,
    );
    const said = await upFails("the Pi's clock wrong");
    await inside("raspberrypi", "rm /usr/local/bin/date");
    expect(said).toMatch(
      /raspberrypi: its clock says 2\d{3}-\S+ \d\d:\d\d UTC, the server's 2\d{3}-/,
    );
  });

  it("a full disk is named, with its machine", async () => {
    await inside(
      "raspberrypi",
      `mkdir -p /usr/local/lib/fogline
       mount -t tmpfs -o size=8m none /usr/local/lib/fogline`,
    );
    const said = await upFails("a full disk");
    await inside("raspberrypi", "umount /usr/local/lib/fogline");
    expect(said).toContain("raspberrypi: cannot fetch K3s");
    expect(said).toMatch(/none +8\.0M +8\.0M +0 100% \/usr\/local\/lib\/fogline/);
    for (const machine of MACHINES_OF_LAB) {
      keys.set(machine, await keyOf(machine));
    }
    expect(keys.get("MasterNode")).toMatch(/\w/);
    expect(keys.get("raspberrypi")).toMatch(/\w/);
  });

  it("killed in the three phases that are left, and with port 80 taken, it ends whole", async () => {
    const taken = await listen(80);
    let end: Ended;
    try {
      for (const phase of ["k3s", "database", "website"] as const) {
        await killAll(await upUntil(phase));
      }
      const since = Date.now();
      end = await start("up").ended;
      timing("up after all that", since);
    } finally {
      taken?.close();
    }
    expect(end.exitCode, end.said).toBe(0);
    expect(end.said).toMatch(/^website: {3}http:\/\/127\.0\.0\.1:(?!80\/)\d+\/$/m);
  });

  it("nothing is there twice, and keys are the same", async () => {
    const names = urns();
    expect(new Set(names).size).toBe(names.length);
    const disks = readdirSync(MACHINES).filter((name) => !name.startsWith("."));
    expect(disks.sort()).toEqual(MACHINES_OF_LAB);
    for (const [machine, key] of keys) {
      expect(await keyOf(machine), machine).toBe(key);
    }
  });

  it("a machine that died is powered on, its node is heard of again, and nothing else is left to do", async () => {
    await killMachine("raspberrypi");
    // Protection changes the state alone; the next test finds it there.
    changeSettings(PROTECTED);
    const { exitCode, said } = await start("up").ended;
    expect(exitCode, said).toBe(0);
    expect(said).toContain("stopped without a command, started again: raspberrypi");
    expect(said).toMatch(/^resources: \d+ unchanged$/m);
    expect(await keyOf("raspberrypi")).toBe(keys.get("raspberrypi"));
    await nodesReady();
  });

  it("protected, it would keep everything through a change of the server's script", async () => {
    // What is in place changes so over either overlay.
    changeSettings({ ...PROTECTED, "k3s.mirrors": { "docker.io": ["http://192.0.2.11:5000"] } });
    const { exitCode, said } = await start("preview").ended;
    expect(exitCode, said).toBe(0);
    expect(said).toMatch(/^plan: (\d+ unchanged, )?\d+ to update(, \d+ unchanged)?$/m);
    expect(said).toContain("website-namespace");
  });
});

/** A listener on a port of this computer, or none where the port is taken anyway. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") {
        resolve(undefined);
      } else {
        reject(error);
      }
    });
    server.listen(port, "127.0.0.1", () => {
      resolve(server);
    });
  });
}
