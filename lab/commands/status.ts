/**
 * `make status`: nodes, pods per node, apps, sizes of images, times of rollouts, the URL, and who answers how much of
 * the website's traffic.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";

import { endOf } from "../../components/k3s/kubeconfig.ts";
import { labApps } from "../apps.ts";
import { forwarderUrl, SOCKET } from "../forwarder.ts";
import { lockHolder } from "../lock.ts";
import { running } from "../machines/machine.ts";
import { LabError } from "../progress.ts";
import { measures } from "./measure.ts";
import { KUBECONFIG, readOutputs, websiteUrls } from "./outputs.ts";
import { hasCluster, kubectlJson } from "./kubectl.ts";
import {
  appLines,
  certificateLine,
  nodeLines,
  shareLines,
  type Answer,
  type Node,
  type Pod,
} from "./report.ts";

/** Requests that a share is measured with. */
const REQUESTS = 40;

interface Items<T> {
  readonly items: readonly T[];
}

/** Prints the state of the lab. */
export async function status(): Promise<number> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const holder = lockHolder();
  if (holder !== undefined) {
    print(`running:  make ${holder.command}, process ${holder.pid}, since ${holder.since}`);
  }
  const machines = await running();
  print(
    `machines: ${machines.length === 0 ? "none; start them with make up" : machines.join(", ")}`,
  );
  if (!hasCluster()) {
    return machines.length === 0 ? 0 : 1;
  }
  const clusterAnswers = await printCluster(print);
  const url = forwarderUrl();
  print("");
  print(`website:  ${url ?? "not reachable from this computer; make up starts the forwarder"}`);
  for (const inside of websiteUrls(readOutputs())) {
    print(`  inside the lab: ${inside}`);
  }
  if (url === undefined) {
    return 1;
  }
  const answers = await Promise.all(Array.from({ length: REQUESTS }, askWebsite));
  print(`  of ${REQUESTS} fresh requests:`);
  for (const line of shareLines(answers)) {
    print(`  ${line}`);
  }
  return clusterAnswers && answers.some((answer) => answer.ok) ? 0 : 1;
}

/** A cluster that does not answer is reported; the website is checked all the same. */
async function printCluster(print: (line: string) => void): Promise<boolean> {
  try {
    const [nodes, pods] = await Promise.all([
      kubectlJson<Items<Node>>(["get", "nodes"]),
      kubectlJson<Items<Pod>>(["get", "pods", "--all-namespaces"]),
    ]);
    print("");
    const end = endOf(readFileSync(KUBECONFIG, "utf8"));
    if (end !== undefined) {
      print(certificateLine(end, new Date()));
    }
    for (const line of nodeLines(nodes.items, pods.items)) {
      print(line);
    }
    const [apps, outputs] = [await labApps(), readOutputs()];
    print("");
    for (const line of appLines(apps, pods.items, outputs)) {
      print(line);
    }
    print("");
    for (const line of await measures(apps, outputs)) {
      print(line);
    }
    return true;
  } catch (error) {
    if (error instanceof LabError) {
      print(`\n${error.message}`);
      return false;
    }
    throw error;
  }
}

/** One request on a connection of its own, from the laptop, to the next server in turn. */
function askWebsite(): Promise<Answer> {
  return new Promise((resolve) => {
    const agent = new Agent({ keepAlive: false });
    const asked = request({ socketPath: SOCKET, path: "/", agent, timeout: 5000 }, (response) => {
      response.resume();
      const header = (name: string): string => String(response.headers[name] ?? "unknown");
      resolve({
        ok: response.statusCode === 200,
        pod: response.statusCode === 200 ? header("x-served-by") : `HTTP ${response.statusCode}`,
        node: header("x-served-on"),
      });
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer in 5 s")));
    asked.once("error", (error) => {
      resolve({ ok: false, pod: error.message, node: "unknown" });
    });
    asked.end();
  });
}
