/** Faults of machines and of their processes, each on a timeline of its own. */
import type { Fault } from "../model.ts";
import { during, FAST, PI, SERVER, single, WORKER, type FaultCase } from "./cases.ts";

/** A setting of the website's that the lab's stack file does not have: all of its pods are made anew. */
const CHANGE: Fault = {
  kind: "up",
  settings: { failover: { ...FAST.failover, databaseMs: 1800 } },
  before: FAST,
};

export const MACHINE_CASES: readonly FaultCase[] = [
  single("pod-kill", "a pod is killed", { kind: "pod-kill", app: "website" }, 40),
  single("out-of-memory", "a container exceeds its memory", { kind: "out-of-memory" }, 40),
  ...[PI, WORKER, SERVER].flatMap((machine) => {
    const node = machine.toLowerCase();
    return [
      single(`power-off-${node}`, `${machine} loses its power`, { kind: "power-off", machine }, 50),
      // Undone is waited for: it comes back by itself.
      single(`reboot-${node}`, `${machine} restarts`, { kind: "reboot", machine }, 12),
    ];
  }),
  single("shutdown", `${PI} is shut down`, { kind: "shutdown", machine: PI }, 50),
  single("kubelet-freeze", `K3s on ${PI} hangs`, { kind: "kubelet-freeze", machine: PI }, 50),
  single("k3s-kill", "K3s' server is killed", { kind: "k3s-kill", machine: SERVER }, 40),
  single("k3s-stop", "K3s' server is stopped", { kind: "k3s-stop", machine: SERVER }, 40),
  during(
    // Nobody drops its endpoints, and nobody replaces its pods.
    {
      name: "power-off-without-server",
      label: `${PI} loses its power while the server is stopped`,
    },
    [{ kind: "k3s-stop", machine: SERVER }, 40],
    [{ kind: "power-off", machine: PI }, 15, 60],
  ),
  single(
    "disk-full",
    "the database's volume is full",
    { kind: "disk-full", machine: WORKER, of: "database" },
    70,
  ),
  single("database-kill", "PostgreSQL is killed", { kind: "database-kill", machine: WORKER }, 40),
  during(
    { name: "registry-gone", label: `${PI} loses its power while no image can be pulled` },
    [{ kind: "registry-gone", machines: [PI, WORKER] }, 70],
    [{ kind: "power-off", machine: PI }, 15, 60],
  ),
  during(
    { name: "dns-down", label: "a pod is killed while there are no names" },
    [{ kind: "dns-down" }, 50],
    [{ kind: "pod-kill", app: "website" }, 20, 55],
  ),
  during(
    { name: "up-without-server", label: "up while K3s' server is stopped" },
    [{ kind: "k3s-stop", machine: SERVER }, 90],
    [CHANGE, 15, 100],
  ),
  during(
    { name: "up-with-frozen-node", label: `up while K3s on ${PI} hangs` },
    [{ kind: "kubelet-freeze", machine: PI }, 120],
    // When its node counts as lost.
    [CHANGE, 45, 130],
  ),
  // Last, as it needs a package that not every computer has.
  single(
    "clock-jump",
    "the clock of a pod jumps by an hour",
    { kind: "clock-jump", seconds: 3600 },
    40,
  ),
];
