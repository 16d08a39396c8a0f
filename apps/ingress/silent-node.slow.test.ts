/** Traefik as it is deployed, before pods of a node that falls silent. Needs root, no lab. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";

import { timersOf } from "../../config/failover.ts";
import { REACH_PROGRAM } from "../../components/k3s/scripts.ts";
import { ensureTraefik } from "../../lab/toolchain/toolchain.ts";
import { CONDITION } from "../../testing/patience.ts";
import { middlewareOf, middlewares, timeoutArguments } from "./retries.ts";
import { POD_PORT, POD_RANGE, TestNode } from "./testing/nodes.ts";

/** Who waits for a pod that swallows what it is sent waits for ever here, as far as a test can tell. */
const TIMERS = {
  ...timersOf({ profile: "fast" }),
  dialMs: CONDITION,
  answerMs: CONDITION,
  triesMs: 0,
};

let folder: string;
let here: TestNode;
let there: TestNode;
let near: string[];
let far: string[];

/** An answer: its status, the pod that gave it, and the milliseconds that it took. */
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly took: number;
}

/** Sends requests, each on a connection of its own, from the node that Traefik is on. */
function send(count: number, ...options: readonly string[]): Answer[] {
  const format = "%{http_code} %{time_total}\\n";
  const one = [
    "curl",
    "--silent",
    "--show-error",
    "--max-time",
    "15",
    "--write-out",
    `'\\n${format}'`,
    ...options,
  ];
  const lines = here
    .must(`for i in {1..${count}}; do ${one.join(" ")} http://127.0.0.1:8000/ & done; wait`)
    .split("\n");
  return lines.flatMap((line, i) => {
    const found = /^(\d{3}) ([\d.]+)$/.exec(line);
    return found === null
      ? []
      : [{ status: Number(found[1]), body: lines[i - 1] ?? "", took: Number(found[2]) * 1000 }];
  });
}

/** One after the other, as many. */
function sendInTurn(count: number, ...options: readonly string[]): Answer[] {
  return Array.from({ length: count }, () => send(1, ...options)).flat();
}

/** Pods that answer: two rounds of turns hold one whole, wherever they begin. */
function served(): string[] {
  return [...new Set(sendInTurn(8).map(({ body }) => body))].sort();
}

function refused(): string {
  return here.must("ip -4 route show table 4217 type unreachable 2>/dev/null || true").trim();
}

async function untilRefused(wanted: string): Promise<void> {
  await vi.waitFor(
    () => {
      expect(refused()).toBe(wanted);
    },
    { timeout: CONDITION, interval: 50 },
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "traefik-"));
  [here, there] = await Promise.all([TestNode.start(1), TestNode.start(2)]);
  here.connect(there);
  [near, far] = await Promise.all([here.pods(2), there.pods(2)]);
  const servers = [...near, ...far].map((pod) => ({ url: `http://${pod}:${POD_PORT}` }));
  const services = { pods: { loadBalancer: { servers } } };
  const route = { rule: "PathPrefix(`/`)", service: "pods" };
  const routers = { pods: { ...route, middlewares: [middlewareOf("once")] } };
  const file = join(folder, "dynamic.yaml");
  await writeFile(
    file,
    stringify({ http: { middlewares: middlewares(TIMERS), services, routers } }),
  );
  here.spawn([
    await ensureTraefik(() => undefined),
    ...["--global.checknewversion=false", "--global.sendanonymoususage=false"],
    ...["--entrypoints.web.address=127.0.0.1:8000", `--providers.file.filename=${file}`],
    ...timeoutArguments(TIMERS),
  ]);
  const watching = here.spawn([
    "bash",
    REACH_PROGRAM,
    "watch",
    POD_RANGE,
    String(TIMERS.silenceMs),
  ]);
  // Whose answers it has not heard for a while yet, it does not miss.
  const heard = new Promise((resolve) => watching.stdout?.once("data", resolve));
  await vi.waitFor(
    () => {
      expect(served()).toEqual([...near, ...far]);
    },
    { timeout: CONDITION, interval: 100 },
  );
  await heard;
});

afterAll(async () => {
  await Promise.all([here, there].map((node) => node.stop()));
  await rm(folder, { recursive: true });
});

describe("while all nodes answer", () => {
  it("pods take turns", () => {
    const bodies = sendInTurn(40).map(({ body }) => body);
    for (const pod of [...near, ...far]) {
      const times = bodies.filter((each) => each === pod).length;
      expect(Math.abs(times - 10), pod).toBeLessThanOrEqual(1);
    }
  });

  it("a pod that sheds load keeps its turns", () => {
    const busy = sendInTurn(40, "--header", "'X-Busy: yes'");
    expect(new Set(busy.map(({ status }) => status))).toEqual(new Set([503]));
    expect(served()).toEqual([...near, ...far]);
  });
});

describe("pods of a node that falls silent", () => {
  it("hold up what they have at work for a moment, and nothing after it", async () => {
    // Connections to all pods, over which requests are sent next.
    expect(send(16)).toHaveLength(16);
    there.silence();
    const atWork = send(16);
    expect(new Set(atWork.map(({ status }) => status))).toEqual(new Set([200]));
    expect(Math.max(...atWork.map(({ took }) => took))).toBeLessThan(TIMERS.answerMs);
    await untilRefused(`unreachable ${there.subnet}`);
    const after = sendInTurn(40);
    expect(new Set(after.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(after.map(({ body }) => body))).toEqual(new Set(near));
    // None has waited for a connection that nobody answers.
    expect(Math.max(...after.map(({ took }) => took))).toBeLessThan(TIMERS.dialMs);
  });

  it("make it a clear error at once where there are no others", () => {
    here.must(`nft 'add table ip away
      add chain ip away in { type filter hook input priority 0; }
      add rule ip away in ip daddr { ${near.join(", ")} } tcp dport ${POD_PORT} reject with tcp reset'`);
    for (const method of ["GET", "POST"]) {
      const answers = sendInTurn(2, "--request", method);
      expect(answers.map(({ status }) => status)).toEqual([502, 502]);
      expect(Math.max(...answers.map(({ took }) => took))).toBeLessThan(TIMERS.dialMs);
    }
    here.must("nft delete table ip away");
    expect(served()).toEqual(near);
  });

  it("have their turns again when it answers", async () => {
    there.speak();
    await untilRefused("");
    expect(served()).toEqual([...near, ...far]);
  });
});
