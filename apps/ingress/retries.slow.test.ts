/** Traefik itself, on this computer, before back ends that take a request and die. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import {
  createServer as createHttpServer,
  request as httpRequest,
  type RequestListener,
} from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn, type ChildProcess } from "node:child_process";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";

import { ensureTraefik } from "../../lab/toolchain/toolchain.ts";
import { CONDITION } from "../../testing/patience.ts";
import { timersOf } from "../../config/failover.ts";
import { middlewareOf, middlewares, timeoutArguments } from "./retries.ts";

/** How a back end treats what it is sent. */
type Manner = "answers" | "dies" | "is silent" | "refuses";

const MANNERS: Readonly<Record<Exclude<Manner, "refuses">, RequestListener>> = {
  answers: (_, response) => response.end("taken"),
  dies: (request) => request.socket.destroy(),
  "is silent": () => undefined,
};
/** Longer than a busy computer keeps a back end that answers from doing so. */
const SILENCE_MS = 2500;
const TIMERS = { ...timersOf({}), answerMs: SILENCE_MS };
/** Each route has two back ends, which take turns: one that answers, and another. */
const OTHERS = ["dies", "is silent", "refuses"] as const;
const ROUTES = {
  "without a word": undefined,
  once: middlewareOf("once"),
  identified: middlewareOf("identified"),
};

/** Ids of the requests that back ends were sent, as often as they were. */
const delivered: string[] = [];
const closing: (() => void | Promise<void>)[] = [];
let web = 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function backEnd(manner: Manner): Promise<string> {
  if (manner === "refuses") {
    return `http://127.0.0.1:${await freePort()}`;
  }
  const server = createHttpServer((request, response) => {
    request.resume().on("end", () => {
      delivered.push(String(request.headers["x-request-id"]));
      MANNERS[manner](request, response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function hostOf(route: string, other: string): string {
  return `${route}-${other}.test`.replaceAll(" ", "-");
}

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "traefik-"));
  const routers: Record<string, object> = {};
  const services: Record<string, object> = {};
  for (const other of OTHERS) {
    for (const [route, middleware] of Object.entries(ROUTES)) {
      const name = hostOf(route, other);
      const servers = [{ url: await backEnd(other) }, { url: await backEnd("answers") }];
      services[name] = { loadBalancer: { servers } };
      routers[name] = {
        rule: `Host(\`${name}\`)`,
        service: name,
        ...(middleware === undefined ? {} : { middlewares: [middleware] }),
      };
    }
  }
  const file = join(folder, "dynamic.yaml");
  await writeFile(
    file,
    stringify({ http: { middlewares: middlewares(TIMERS), routers, services } }),
  );
  web = await freePort();
  const ping = await freePort();
  const traefik: ChildProcess = spawn(
    await ensureTraefik(() => undefined),
    [
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      `--entrypoints.web.address=127.0.0.1:${web}`,
      `--entrypoints.ping.address=127.0.0.1:${ping}`,
      "--ping.entrypoint=ping",
      `--providers.file.filename=${file}`,
      ...timeoutArguments(TIMERS),
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  closing.push(async () => {
    const ended = once(traefik, "exit");
    traefik.kill();
    await ended;
    await rm(folder, { recursive: true });
  });
  await vi.waitFor(
    async () => {
      expect((await fetch(`http://127.0.0.1:${ping}/ping`)).status).toBe(200);
      // The file is read a moment after the ports are open.
      expect((await send("GET", "once", "refuses")).status).toBe(200);
    },
    { timeout: CONDITION, interval: 100 },
  );
});

afterAll(async () => {
  for (const close of closing.reverse()) {
    await close();
  }
});

/** Sends one request by a route; its status and how often back ends were sent it. */
async function send(
  method: string,
  route: keyof typeof ROUTES,
  other: (typeof OTHERS)[number],
): Promise<{ status: number; times: number }> {
  const id = randomUUID();
  const headers = { Host: hostOf(route, other), "X-Request-Id": id };
  const status = await new Promise<number>((resolve, reject) => {
    const outgoing = httpRequest({ host: "127.0.0.1", port: web, method, headers }, (answer) => {
      answer.resume().on("end", () => {
        resolve(answer.statusCode ?? 0);
      });
    });
    outgoing.on("error", reject);
    outgoing.end(method === "GET" ? undefined : "a vote");
  });
  return { status, times: delivered.filter((each) => each === id).length };
}

/** Four requests at once, so that each back end has its turns; statuses, and deliveries of each. */
async function sendFour(
  ...args: Parameters<typeof send>
): Promise<{ statuses: number[]; times: number[] }> {
  const answers = await Promise.all(Array.from({ length: 4 }, () => send(...args)));
  return {
    statuses: [...new Set(answers.map(({ status }) => status))].sort(),
    times: answers.map(({ times }) => times),
  };
}

const ONCE_EACH = [1, 1, 1, 1];

describe.each([
  ["dies", 502],
  ["is silent", 504],
] as const)("a request whose pod takes it and %s", (other, failure) => {
  it.each(["POST", "PATCH"])(
    "is never delivered twice as %s, without the app's word",
    async (method) => {
      const routes = ["once", "without a word"] as const;
      for (const { statuses, times } of await Promise.all(
        routes.map((route) => sendFour(method, route, other)),
      )) {
        expect(times).toEqual(ONCE_EACH);
        expect(statuses).toContain(failure);
      }
    },
  );

  it("is tried on another pod where the app counts it once", async () => {
    const { statuses, times } = await sendFour("POST", "identified", other);
    expect(statuses).toEqual([200]);
    expect(Math.max(...times)).toBeGreaterThan(1);
  });

  it("is tried on another pod where it changes nothing", async () => {
    const routes = ["once", "identified"] as const;
    for (const { statuses } of await Promise.all(
      routes.map((route) => sendFour("GET", route, other)),
    )) {
      expect(statuses).toEqual([200]);
    }
  });
});

describe("a request whose pod takes no connection", () => {
  it.each(["GET", "POST"])("is sent to another pod, as %s, and once", async (method) => {
    for (const route of ["once", "identified"] as const) {
      expect(await sendFour(method, route, "refuses"), route).toEqual({
        statuses: [200],
        times: ONCE_EACH,
      });
    }
  });
});
