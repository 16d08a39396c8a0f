/**
 * `make dashboard`: the way starts where the operator's laptop stands, as only that is a member of the
 * overlay; this computer's browser gets there through the forwarder's two halves.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { execa, type ExecaError } from "execa";

import { DashboardError, openDashboard } from "../../apps/dashboard/access.ts";
import { readOptions, show } from "../../apps/dashboard/open.ts";
import { bundle } from "../bundle.ts";
import { NAMESPACES, PROJECT } from "../layout.ts";
import { LabError } from "../progress.ts";
import { kubectlCommand } from "./kubectl.ts";

/** Seconds that the forwarder may take to start on a busy computer. */
const PATIENCE = 20;

/** Opens the dashboard until Ctrl-C. */
export async function dashboard(given: Parameters<typeof readOptions>[0]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "fogline-dashboard-"));
  const stop = new AbortController();
  try {
    const options = readOptions(given);
    const { command, args } = kubectlCommand([]);
    const opened = await openDashboard({ ...options, kubectl: [command, ...args], port: 0 });
    try {
      const inner = Number(new URL(opened.url).port);
      await bridge({ inner, outer: options.port, folder, signal: stop.signal });
      await show(opened, options.role, `http://127.0.0.1:${options.port}/`);
    } finally {
      opened.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof DashboardError) {
      process.stderr.write(`${error.message}\n`);
      return 1;
    }
    throw error;
  } finally {
    stop.abort();
    rmSync(folder, { recursive: true });
  }
}

/** Leads a port of this computer to one of the laptop's; done when it does. */
async function bridge(way: {
  readonly inner: number;
  readonly outer: number;
  readonly folder: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const socket = join(way.folder, "socket");
  const targets = join(way.folder, "targets.json");
  writeFileSync(targets, JSON.stringify([{ host: "127.0.0.1", port: way.inner }]));
  const half = async (name: string, ...args: string[]): Promise<string[]> => [
    process.execPath,
    await bundle(`lab/forwarder/${name}`),
    ...args,
  ];
  const run = async (command: readonly string[]): Promise<unknown> =>
    await execa("env", command, { cwd: PROJECT, stdin: "ignore", cancelSignal: way.signal });
  const laptop = ["nsenter", `--net=/run/netns/${NAMESPACES.laptop}`];
  const halves = Promise.all([
    run([...laptop, ...(await half("inside.ts", socket, targets))]),
    run(await half("outside.ts", socket, join(way.folder, "port"), String(way.outer))),
  ]);
  const broken = halves.then(
    () => true,
    (error: unknown) => {
      if (way.signal.aborted) {
        return true;
      }
      const { stderr } = error as ExecaError;
      const why = /EADDRINUSE/.test(String(stderr)) ? "the port is taken" : String(stderr);
      throw new LabError("this computer", `port ${way.outer}`, why, "make dashboard ARGS=--port=…");
    },
  );
  await Promise.race([broken, answering(way.outer)]);
}

/** Done when a connection passes both halves and stays open. */
async function answering(port: number): Promise<void> {
  const end = Date.now() + PATIENCE * 1000;
  while (Date.now() < end) {
    if (await staysOpen(port)) {
      return;
    }
    await pause(200);
  }
  throw new DashboardError(`the dashboard was not reachable within ${PATIENCE} s`);
}

function staysOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ port, host: "127.0.0.1" });
    const give = (stands: boolean): void => {
      probe.destroy();
      resolve(stands);
    };
    probe.setTimeout(500, () => {
      give(true);
    });
    for (const end of ["error", "close"]) {
      probe.once(end, () => {
        give(false);
      });
    }
  });
}
