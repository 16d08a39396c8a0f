/**
 * What the lab's tests share. They run inside the laptop's network namespace, as its user would:
 * the overlay, the website and machines' SSH are reached from there.
 */
import { existsSync, readFileSync } from "node:fs";
import { get, request, type IncomingMessage } from "node:http";
import { join } from "node:path";

import { execa } from "execa";

import { CONDITION, LAB_CONDITION } from "../../testing/patience.ts";
import { NETMAKER_ACCESS } from "../engine/outputs.ts";
import { PROJECT, RUN, TOOLS } from "../layout.ts";

/** What `make up` printed and kept. */
export interface LabOutputs {
  readonly websiteUrl: string;
  readonly websiteUrls: readonly string[];
  readonly inventory: readonly { readonly name: string; readonly publicAddress: string }[];
  readonly overlay: readonly { readonly name: string; readonly address: string }[];
}

/** Outputs of the stack, without its secrets. */
export function outputs(): LabOutputs {
  return JSON.parse(readFileSync(join(RUN, "outputs.json"), "utf8")) as LabOutputs;
}

/** Whether the lab that is up has an overlay of kind netmaker. */
export function overNetmaker(): boolean {
  return existsSync(NETMAKER_ACCESS);
}

/** A command of the lab, e.g. `lab("kubectl", "get", "nodes")`; throws unless it succeeds. */
export async function lab(...args: readonly string[]): Promise<string> {
  const { stdout } = await execa(process.execPath, ["lab/start.mjs", ...args], {
    cwd: PROJECT,
  });
  return stdout;
}

/** kubectl with the stack's kubeconfig. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  return runKubectl(args, "");
}

/** Applies objects to the cluster. */
export async function applyObjects(...items: readonly object[]): Promise<void> {
  await kubectlOn(items, "apply", "--server-side");
}

/** A kubectl command that takes objects, e.g. `kubectlOn(items, "delete")`. */
export async function kubectlOn(
  items: readonly object[],
  ...args: readonly string[]
): Promise<string> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  return runKubectl([...args, "--filename=-"], list);
}

/** The lab's kubectl with the stack's kubeconfig, or another one. */
export function kubectlCommand(kubeconfig = join(RUN, "kubeconfig")): [string, ...string[]] {
  return [TOOLS.kubectl, `--kubeconfig=${kubeconfig}`, `--cache-dir=${join(RUN, "kubectl-cache")}`];
}

async function runKubectl(args: readonly string[], input: string): Promise<string> {
  const [program, ...first] = kubectlCommand();
  const { stdout } = await execa(program, [...first, ...args], { timeout: CONDITION, input });
  return stdout;
}

/** Has a kubectl command that waits give up before it is taken for hung, so that it says why. */
export const GIVES_UP = `--timeout=${CONDITION / 1000 / 2}s`;

/** A kubectl command that waits, e.g. `kubectlWaits("wait", "--for=condition=Ready", "nodes", "--all")`. */
export async function kubectlWaits(...args: readonly string[]): Promise<string> {
  return until(`kubectl ${args.join(" ")}`, () => kubectl(...args, GIVES_UP));
}

/** Objects of the cluster by kind. */
export async function objects<T>(kind: string, ...args: readonly string[]): Promise<T[]> {
  const list = JSON.parse(await kubectl("get", kind, "-o", "json", ...args)) as { items: T[] };
  return list.items;
}

/** A pod, as far as tests look at it. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** The website's ready pods. */
export async function websitePods(): Promise<Pod[]> {
  const pods = await objects<Pod>("pods", "-n", "website", "-l", "app=website");
  return pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      pod.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ===
        true,
  );
}

/** Image of the website, which every node with one of its pods has; Node.js is in it. */
export function websiteImage(): Promise<string> {
  const path = "jsonpath={.spec.template.spec.containers[0].image}";
  return kubectl("get", "deployment", "-n", "website", "website-dep", "-o", path);
}

/** Waits until both tiers serve their half of the website: pods that fled come back by themselves. */
export async function websiteSpread(): Promise<void> {
  await until("the website's pods to be spread over both tiers", async () => {
    const pods = await websitePods();
    const edge = pods.filter(({ spec }) => spec.nodeName === "raspberrypi").length;
    return pods.length >= 4 && Math.abs(pods.length - 2 * edge) <= 1 ? true : undefined;
  });
}

/** Waits until each of the website's pods has its database: after an outage each finds it by itself. */
export async function websiteCounts(): Promise<void> {
  const url = new URL("/api/results", outputs().websiteUrl).href;
  await until("every pod of the website to reach its database", async () => {
    const waiting = new Set((await websitePods()).map(({ metadata }) => metadata.name));
    for (let asked = 4 * waiting.size; asked > 0; asked -= 1) {
      const { status, headers } = await ask(url);
      if (status !== 200) {
        return undefined;
      }
      waiting.delete(String(headers["x-served-by"]));
    }
    return waiting.size === 0 ? true : undefined;
  });
}

/** How long a visitor waits for an answer, in milliseconds: longer than the ingress tries to get one. */
const VISITOR = 15_000;

/** An answer of the website. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** One request over a connection of its own. */
export function ask(
  url: string,
  options: { headers?: Record<string, string>; method?: string; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = options.body === undefined && options.method === undefined ? get : request;
    // How far it came tells the way there from what is behind it.
    const came = (): string => {
      const { socket } = outgoing;
      return socket?.localPort === undefined
        ? "it has no connection"
        : `connected from port ${socket.localPort}, ${socket.bytesRead} bytes came`;
    };
    const outgoing = send(
      url,
      { agent: false, timeout: VISITOR, method: options.method ?? "GET", headers: options.headers },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => (body += part));
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
        });
        answer.on("error", reject);
      },
    );
    outgoing.on("timeout", () => {
      outgoing.destroy(new Error(`${url} did not answer within ${VISITOR / 1000} s: ${came()}`));
    });
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

/**
 * Waits until a condition holds, asking twice a second.
 *
 * @param condition undefined while it does not hold; one that throws does not either
 * @param patience after how many milliseconds it is taken never to hold; default: the lab's patience, which
 *   is only for what hangs
 * @throws Error naming what was waited for and what it last said, when that time is over
 */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined>,
  patience = LAB_CONDITION,
): Promise<T> {
  const end = Date.now() + patience;
  let last: unknown = "it does not hold";
  for (;;) {
    try {
      const held = await condition();
      if (held !== undefined) {
        return held;
      }
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${patience / 1000} s for ${what}: ${String(last)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Prints a measured time; tests assert none. */
export function timing(what: string, since: number): void {
  console.log(`timing: ${what}: ${((Date.now() - since) / 1000).toFixed(1)} s`);
}
