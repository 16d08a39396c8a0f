/** What a restart of the computer does to a lab: only what lies on the disk is left. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";

import { operatorInterface } from "../../../config/names.ts";
import { STACK } from "../../engine/config.ts";
import { NAMESPACES, RUN } from "../../layout.ts";
import { HOST_RUN } from "../../lock.ts";
import { members, removeGroups } from "../../machines/cgroup.ts";
import { running } from "../../machines/machine.ts";
import { deleteNamespace, leaveNamespaces, namespacePath } from "../../machines/namespace.ts";
import { readPidFile, signalAll } from "../../processes.ts";
import { lab, until } from "../lab.ts";

/** Ends a machine as a fault of the computer does: all of its processes, its supervisor among them. */
export async function killMachine(name: string): Promise<void> {
  const supervisor = readPidFile(join(RUN, "machines", `${name}.pid`));
  signalAll(supervisor === undefined ? [] : [supervisor.pid], "SIGKILL");
  await until(`${name} to be dead`, () => {
    const left = members(name);
    signalAll(left, "SIGKILL");
    return Promise.resolve(left.length === 0 ? true : undefined);
  });
}

/** Waits until every node of the cluster is ready. */
export async function nodesReady(): Promise<void> {
  await until("every node to be ready", async () => {
    const nodes = await lab("kubectl", "get", "nodes", "--no-headers");
    return nodes.split("\n").every((node) => / Ready /.test(node)) ? true : undefined;
  });
}

/** Ends everything of the lab that does not lie on the disk; its files stay, process ids included. */
export async function restartComputer(): Promise<void> {
  for (const name of await running()) {
    await killMachine(name);
    removeGroups(name);
  }
  for (const namespace of Object.values(NAMESPACES)) {
    if (existsSync(namespacePath(namespace))) {
      // Registry, downloads, the forwarder's inner half, the laptop's WireGuard.
      const { stdout } = await execa("ip", ["netns", "pids", namespace]);
      signalAll(stdout.split("\n").filter(Boolean).map(Number), "SIGKILL");
      await deleteNamespace(namespace);
    }
  }
  await leaveNamespaces();
  const outside = readPidFile(join(RUN, "forwarder", "outside.pid"));
  signalAll(outside === undefined ? [] : [outside.pid], "SIGKILL");
  // /run is empty after a restart.
  rmSync(HOST_RUN, { recursive: true, force: true });
  rmSync(`/run/wireguard/${operatorInterface(STACK)}.sock`, { force: true });
}
