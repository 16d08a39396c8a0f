/** Traefik as it is deployed, started anew while visitors come. Needs root, no lab. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { STATUS_PORT, VISITORS } from "../../components/k3s/gate.ts";
import { GATE_PROGRAM } from "../../components/k3s/scripts.ts";
import { timersOf } from "../../config/failover.ts";
import { ensureTraefik } from "../../lab/toolchain/toolchain.ts";
import { CONDITION } from "../../testing/patience.ts";
import { dynamicConfiguration, entryPointArguments } from "./dynamic.ts";
import { TestNode } from "./testing/nodes.ts";
import { Visitors } from "./testing/visitors.ts";

/** Where Traefik asks for its routes here, in the place of a cluster's API: it answers late. */
const ROUTES_PORT = 9000;
const LATE_MS = 500;
const ROUTES = `const [port, late, routes] = process.argv.slice(1);
require("node:http").createServer((request, response) => {
  if (request.url === "/routes") setTimeout(() => response.end(routes), Number(late));
  else response.end("welcome");
}).listen(Number(port), "127.0.0.1", () => console.log("up"));`;

let folder: string;
let here: TestNode;
let there: TestNode;
let program: string;
let traefik: ChildProcess;
let visitors: Visitors;

function startTraefik(): ChildProcess {
  return here.spawn([
    program,
    ...["--global.checknewversion=false", "--global.sendanonymoususage=false"],
    ...entryPointArguments(),
    `--providers.file.filename=${join(folder, "dynamic.yaml")}`,
    `--providers.http.endpoint=http://127.0.0.1:${ROUTES_PORT}/routes`,
  ]);
}

function startGate(patience: number): ChildProcess {
  const ports = Object.values(VISITORS).join(",");
  return here.spawn([
    ...["bash", GATE_PROGRAM, "watch", ports, String(STATUS_PORT), "http", String(patience)],
  ]);
}

/** Done when a program has said it. */
async function says(child: ChildProcess, words: string): Promise<void> {
  await vi.waitFor(
    () => {
      expect(said.get(child)).toContain(words);
    },
    { timeout: CONDITION, interval: 20 },
  );
}

const said = new Map<ChildProcess, string>();

function listen(child: ChildProcess): ChildProcess {
  said.set(child, "");
  child.stdout?.on("data", (data: Buffer) =>
    said.set(child, `${said.get(child) ?? ""}${String(data)}`),
  );
  return child;
}

/** Done when visitors are served who come from now on. */
async function served(): Promise<void> {
  const before = visitors.all.length;
  await vi.waitFor(
    () => {
      const since = visitors.all.slice(before);
      expect(since.filter(({ outcome }) => outcome === "200").length).toBeGreaterThan(20);
    },
    { timeout: CONDITION, interval: 50 },
  );
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

beforeAll(async () => {
  program = await ensureTraefik(() => undefined);
  folder = await mkdtemp(join(tmpdir(), "traefik-"));
  await writeFile(join(folder, "dynamic.yaml"), dynamicConfiguration(timersOf({})));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  [here, there] = await Promise.all([TestNode.start(1), TestNode.start(2)]);
  here.connect(there);
  const server = { url: `http://127.0.0.1:${ROUTES_PORT}` };
  const routes = JSON.stringify({
    http: {
      routers: { all: { rule: "PathPrefix(`/`)", service: "all" } },
      services: { all: { loadBalancer: { servers: [server] } } },
    },
  });
  const words = [ROUTES, String(ROUTES_PORT), String(LATE_MS), routes];
  await says(listen(here.spawn([process.execPath, "-e", ...words])), "up");
  traefik = startTraefik();
});

afterEach(async () => {
  await Promise.all([here, there].map((node) => node.stop()));
});

/** Visitors come, and the gate knows of the controller. */
async function open(patience: number): Promise<ChildProcess> {
  const gate = listen(startGate(patience));
  await says(gate, "answers");
  visitors = Visitors.start(there, here.gateway);
  await served();
  visitors.all.length = 0;
  return gate;
}

describe("while the ingress controller is started anew", () => {
  it("no visit fails: those that come meanwhile wait", async () => {
    const gate = await open(CONDITION / 1000);
    await served();
    await end(traefik, "SIGTERM");
    traefik = startTraefik();
    await says(gate, "is back");
    await served();
    await visitors.end();
    expect(visitors.outcomes).toEqual(["200"]);
    // Who came meanwhile has come again after a second at least.
    expect(Math.max(...visitors.all.map(({ took }) => took))).toBeGreaterThan(900);
    expect(visitors.all.some(({ reused }) => reused)).toBe(true);
  });

  it("nobody waits longer than for a while, and its own node not at all", async () => {
    const gate = await open(1);
    await end(traefik, "SIGKILL");
    await says(gate, "visitors wait");
    expect(here.must("curl --silent http://127.0.0.1/ || echo refused")).toBe("refused\n");
    await says(gate, "visitors are turned away");
    await vi.waitFor(
      () => {
        expect(visitors.outcomes).toContain("ECONNREFUSED");
      },
      { timeout: CONDITION, interval: 50 },
    );
    traefik = startTraefik();
    await served();
  });
});

it("nothing is left of the gate when it ends", async () => {
  const gate = await open(1);
  await end(gate, "SIGKILL");
  expect(here.must("iptables --table mangle --list-rules")).toContain("FOGLINE-GATE");
  here.must(`bash ${GATE_PROGRAM} clear`);
  expect(here.must("iptables --table mangle --list-rules")).not.toContain("FOGLINE-GATE");
});
