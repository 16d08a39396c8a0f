/** What a killed engine leaves behind in its state: locks, and operations that never reported back. */
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { Deployment, Stack } from "@pulumi/pulumi/automation/index.js";

import { RUN } from "../layout.ts";
import { addUnreported, UNREPORTED } from "./unreported.ts";

/** Folder of the file backend. */
export const STATE = join(RUN, "state");

/** One operation that was under way when the engine died. */
interface PendingOperation {
  readonly type: string;
  readonly resource: { readonly urn: string };
}

interface DeploymentBody {
  readonly pending_operations?: readonly PendingOperation[] | null;
}

/**
 * Removes the file backend's locks. Only called under the lab's own lock, which proves that no
 * engine is at work.
 */
export async function removeLocks(state = STATE): Promise<void> {
  await rm(join(state, ".pulumi", "locks"), { recursive: true, force: true });
}

/** Whether the stack's state holds pending operations; reads the file, as a CLI call is slow. */
export function hasPending(stackName: string, state = STATE): boolean {
  const path = join(state, ".pulumi", "stacks", "fogline", `${stackName}.json`);
  if (!existsSync(path)) {
    return false;
  }
  const file = JSON.parse(readFileSync(path, "utf8")) as {
    checkpoint?: { latest?: DeploymentBody };
  };
  return (file.checkpoint?.latest?.pending_operations ?? []).length > 0;
}

/**
 * Takes pending operations out of a stack's state. What was being created may be there and nobody
 * knows: that is written down first, for the lab's cloud, which takes it up where the creation is
 * asked for again.
 *
 * @returns what was taken out, e.g. `creating urn:…`
 */
export async function clearPending(
  stack: Pick<Stack, "exportStack" | "importStack">,
  unreported = UNREPORTED,
): Promise<string[]> {
  const { deployment, cleared, creations } = withoutPending(await stack.exportStack());
  if (cleared.length > 0) {
    addUnreported(creations, unreported);
    await stack.importStack(deployment);
  }
  return cleared;
}

/** A deployment without its pending operations, what those were, and the URNs being created. */
export function withoutPending(deployment: Deployment): {
  deployment: Deployment;
  cleared: string[];
  creations: string[];
} {
  const body = deployment.deployment as DeploymentBody & Record<string, unknown>;
  const pending = body.pending_operations ?? [];
  return {
    deployment: { ...deployment, deployment: { ...body, pending_operations: [] } },
    cleared: pending.map(({ type, resource }) => `${type} ${resource.urn}`),
    creations: pending.flatMap(({ type, resource }) => (type === "creating" ? resource.urn : [])),
  };
}
