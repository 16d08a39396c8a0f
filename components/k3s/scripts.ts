/** The parts of K3s' scripts, in the order in which they are read as one. */
import { join } from "node:path";

import { FILES_SCRIPT } from "../remote/script.ts";

/** Installs K3s on a machine, and removes it. */
export const INSTALL_SCRIPT = parts(
  "changes.sh",
  "running.sh",
  "hardening.sh",
  "registries.sh",
  "timers.sh",
  "install.sh",
);

/** Gives a machine its place in the cluster; runs on the server. */
export const ADMIT_SCRIPT = parts("api.sh", "admit.sh");

/** Moves a node's pods away before it leaves; runs on the server. */
export const DRAIN_SCRIPT = parts("api.sh", "drain.sh");

/** Refuses names of cluster-wide objects that are somebody else's; runs on the server. */
export const CLAIM_SCRIPT = file("claim.sh");

/** The program that tells what K3s starts with. */
export const INPUTS_PROGRAM = file("inputs.sh");

/** The program that looks after the pods' network. */
export const FOLLOW_PROGRAM = file("follow.sh");

/** The same where flannel sets routes: it looks after what WireGuard lets through, too. */
export const FOLLOW_ROUTES_PROGRAM = file("follow-routes.sh");

/** The program that refuses connections to pods of nodes that are silent. */
export const REACH_PROGRAM = file("reach.sh");

/** The program that has nodes keep their leases while their server has just started. */
export const LEASES_PROGRAM = file("leases.sh");

/** The program that has visitors wait while the ingress controller is started anew. */
export const GATE_PROGRAM = file("gate.sh");

function parts(...names: readonly string[]): readonly string[] {
  return [FILES_SCRIPT, ...names.map(file)];
}

function file(name: string): string {
  return join(import.meta.dirname, "scripts", name);
}
