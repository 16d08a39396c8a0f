/** The way to the registry: a port of this computer's loopback that leads to the loopback of its pod. */
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { execa } from "execa";

import { NAME, PUSH_PORT } from "../config.ts";
import { BuildError } from "./order.ts";

/** Seconds: its pod may be starting anew. */
const PATIENCE = 120;

/**
 * Runs `use` with the way open. The API server lets those through who hold an administrator's
 * kubeconfig; nothing listens on a network for it.
 *
 * @param kubeconfig path of the file
 * @param use is given the registry's URL
 * @param patience seconds until the registry must have answered
 * @throws BuildError when the registry does not answer
 */
export async function forwarded<T>(
  kubeconfig: string,
  use: (url: string) => Promise<T>,
  patience = PATIENCE,
): Promise<T> {
  const deadline = performance.now() + patience * 1000;
  let why = "";
  while (performance.now() < deadline) {
    await using way = open(kubeconfig);
    const result = await answering(way, deadline);
    if ("url" in result) {
      return await use(result.url);
    }
    if (way.isMissing()) {
      throw new BuildError(
        "kubectl is not installed on this computer, and images go through it\nfix: install kubectl, then run up again",
      );
    }
    why = result.why;
    await pause(1000);
  }
  throw new BuildError(`the cluster's registry does not answer within ${patience} s: ${why}`);
}

interface Way extends AsyncDisposable {
  /** What kubectl has said. */
  said(): string;
  isOpen(): boolean;
  /** Whether there is no kubectl. */
  isMissing(): boolean;
}

function open(kubeconfig: string): Way {
  const child = execa(
    "kubectl",
    [
      `--kubeconfig=${kubeconfig}`,
      // What it learns of the API stays nowhere.
      `--cache-dir=${join(dirname(kubeconfig), "kubectl-cache")}`,
      ...["port-forward", `--namespace=${NAME}`],
      ...["--address=127.0.0.1", "--pod-running-timeout=60s"],
      ...[`deployment/${NAME}`, `:${PUSH_PORT}`],
    ],
    { all: true, buffer: false, reject: false, stdin: "ignore", forceKillAfterDelay: 5000 },
  );
  let said = "";
  let isOpen = true;
  let isMissing = false;
  child.all.on("data", (part: Buffer) => {
    said = (said + part.toString()).slice(-2000);
  });
  const ended = child.then(({ code }) => {
    isOpen = false;
    isMissing = code === "ENOENT";
  });
  return {
    said: () => said,
    isOpen: () => isOpen,
    isMissing: () => isMissing,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await ended;
    },
  };
}

/** The URL once the registry answers there, or why the way is closed. */
async function answering(
  way: Way,
  deadline: number,
): Promise<{ readonly url: string } | { readonly why: string }> {
  let why = "kubectl port-forward opened no port";
  while (way.isOpen() && performance.now() < deadline) {
    const port = /127\.0\.0\.1:(\d+) ->/.exec(way.said())?.[1];
    if (port !== undefined) {
      const url = `http://127.0.0.1:${port}`;
      try {
        const signal = AbortSignal.timeout(5000);
        const { ok, status } = await fetch(`${url}/v2/`, { signal });
        if (ok) {
          return { url };
        }
        why = `HTTP ${status}`;
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
    }
    await pause(100);
  }
  return { why: way.isOpen() ? why : way.said().trim() };
}
