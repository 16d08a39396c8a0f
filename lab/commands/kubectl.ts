/** kubectl against the lab's cluster, run in the network namespace of the operator's laptop. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";

import { NAMESPACES, RUN, TOOLS } from "../layout.ts";
import { lastLines, LabError } from "../progress.ts";
import { KUBECONFIG } from "./outputs.ts";

/** The command line that runs kubectl; it needs the lab to be up. */
export function kubectlCommand(args: readonly string[]): { command: string; args: string[] } {
  if (!existsSync(KUBECONFIG)) {
    throw new LabError("lab", "kubectl", "the lab has no cluster yet", "make up");
  }
  return {
    command: "nsenter",
    args: [
      `--net=/run/netns/${NAMESPACES.laptop}`,
      TOOLS.kubectl,
      `--kubeconfig=${KUBECONFIG}`,
      // Its cache of the API would otherwise stay in the home folder after the lab is removed.
      `--cache-dir=${join(RUN, "kubectl-cache")}`,
      ...args,
    ],
  };
}

/** Passes a command through to kubectl, terminal and all. */
export async function kubectl(given: readonly string[]): Promise<number> {
  const { command, args } = kubectlCommand(given);
  const result = await execa(command, args, { stdio: "inherit", reject: false });
  return result.exitCode ?? 1;
}

/**
 * What kubectl answers, parsed from JSON.
 *
 * @throws LabError with kubectl's error message
 */
export async function kubectlJson<T>(given: readonly string[]): Promise<T> {
  const { command, args } = kubectlCommand([...given, "--output=json", "--request-timeout=10s"]);
  const result = await execa(command, args, { reject: false });
  if (result.failed) {
    throw new LabError(
      "cluster",
      `kubectl ${given.join(" ")}`,
      lastLines(result.stderr === "" ? (result.shortMessage ?? "") : result.stderr, 1),
      `node lab/start.mjs kubectl ${given.join(" ")}`,
    );
  }
  return JSON.parse(result.stdout) as T;
}

/** Whether a kubeconfig is there and not empty. */
export function hasCluster(): boolean {
  return existsSync(KUBECONFIG) && readFileSync(KUBECONFIG, "utf8") !== "";
}
