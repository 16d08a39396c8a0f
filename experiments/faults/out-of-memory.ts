/**
 * One container of the website needs more memory than its limit, and the kernel ends it, as with a leak.
 *
 * The website's own process grows, not another one beside it, which the kernel would end instead: SIGUSR1 has Node.js
 * listen for a debugger on the pod's loopback, and the debugger has the process keep more than the limit. kubelet starts
 * the container again in the same pod (reason OOMKilled, exit code 137). Requests that the process was answering are
 * repeated by Traefik on another pod: they carry ids.
 */
import { setTimeout as pause } from "node:timers/promises";

import type { Fault } from "../model.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";
import { NAMESPACE, podNamed, readyPod, type Pod } from "./pods.ts";

const APP = "website";
/** Bytes that are kept at once. */
const PART = 8 * 2 ** 20;
/** Parts beyond the limit: a process that outlives them has no limit. */
const BEYOND = 8;
/** Node.js' port for debuggers, unless it was told another one. */
const DEBUGGER = 9229;
/** Seconds until the kernel must have ended it, and kubelet must have said so. */
const LIMIT = 60;

export const outOfMemory: FaultKind<Extract<Fault, { kind: "out-of-memory" }>> = {
  describe: () => `has one container of ${APP} need more memory than its limit`,
  subject: () => APP,
  inject: async (site, _, note) => {
    const pod = await readyPod(site, APP);
    const program = ["node", `--eval=${leak(1, limitOf(pod))}`];
    const where = [pod.metadata.name, NAMESPACE, `--container=${APP}`];
    // The command runs in the container that it ends: how it ends says nothing.
    const said = await site.kubectl("exec", ...where, "--", ...program).then(
      (text) => text,
      (error: unknown) => String(error),
    );
    await untilEnded(site, pod, said, note);
  },
  // kubelet has started it again.
  recover: () => Promise.resolve(),
};

/**
 * A program for Node.js that has another process of Node.js keep more memory than a limit.
 *
 * @param id of the process
 * @param limit bytes
 * @param port at which the process listens for a debugger
 */
export function leak(id: number, limit: number, port = DEBUGGER): string {
  const parts = Math.ceil(limit / PART) + BEYOND;
  // Written to, as memory that was only reserved counts for nothing.
  const grow = `globalThis.leak=[];for(let n=0;n<${parts};n++)leak.push(Buffer.alloc(${PART},1));leak.length`;
  const message = JSON.stringify({
    ...{ id: 1, method: "Runtime.evaluate" },
    params: { expression: grow },
  });
  // One text frame of RFC 6455, its mask being zeros: versions of Node.js before 22 have no WebSocket.
  return `
    const http = require("node:http");
    process.kill(${id}, "SIGUSR1");
    const text = Buffer.from(${JSON.stringify(message)});
    const head = Buffer.from([0x81, 0x80 | 126, text.length >> 8, text.length & 255, 0, 0, 0, 0]);
    const fail = (error) => { console.error(String(error)); process.exit(1); };
    const attach = (left) => http.get("http://127.0.0.1:${port}/json/list", (answer) => {
      let body = "";
      answer.on("data", (part) => { body += part; });
      answer.on("end", () => {
        const { pathname } = new URL(JSON.parse(body)[0].webSocketDebuggerUrl);
        http.get({
          host: "127.0.0.1", port: ${port}, path: pathname,
          headers: {
            Connection: "Upgrade", Upgrade: "websocket",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
          },
        }).on("upgrade", (_, socket) => {
          socket.on("data", () => { console.log("still there"); process.exit(1); });
          socket.on("close", () => process.exit(0));
          socket.write(Buffer.concat([head, text]));
        }).on("error", fail);
      });
    }).on("error", (error) => { left > 0 ? setTimeout(attach, 50, left - 1) : fail(error); });
    attach(100);`;
}

/** @throws Error when nothing would end it */
function limitOf({ metadata, spec }: Pod): number {
  const text = spec.containers[0]?.resources?.limits?.memory ?? "";
  const found = /^(\d+)(Mi|Gi)$/.exec(text);
  if (found === null) {
    throw new Error(
      `${metadata.name} has no memory limit in Mi or Gi, so its node would run out of memory instead`,
    );
  }
  return Number(found[1]) * 2 ** (found[2] === "Mi" ? 20 : 30);
}

/** What SIGKILL leaves, which is what the kernel ends it with. */
const KILLED = 137;

async function untilEnded(
  site: Site,
  before: Pod,
  said: string,
  note: (text: string) => void,
): Promise<void> {
  const { name } = before.metadata;
  const starts = (pod: Pod): number => pod.status.containerStatuses?.[0]?.restartCount ?? 0;
  const end = performance.now() + LIMIT * 1000;
  for (;;) {
    const pod = await podNamed(site, name);
    if (starts(pod) > starts(before)) {
      const { reason = "none", exitCode } =
        pod.status.containerStatuses?.[0]?.lastState?.terminated ?? {};
      if (exitCode !== KILLED) {
        throw new Error(
          `the container of ${name} ended otherwise: ${reason}, ${exitCode ?? "no"} exit code`,
        );
      }
      // The runtime may hear of the end before it hears why: then the reason is Error.
      note(`the container of ${name} was killed at its limit (${reason})`);
      return;
    }
    if (performance.now() > end) {
      throw new Error(`the container of ${name} still runs after ${LIMIT} s: ${said.trim()}`);
    }
    await pause(200);
  }
}
