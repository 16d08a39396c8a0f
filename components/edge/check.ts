/** Checks of a device before anything is created for it. */
import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import type { ReachableDevice } from "../../config/edge.ts";
import type { Settings } from "../../config/schema.ts";
import { nodeName } from "../../config/names.ts";
import type { EdgeMachine } from "../machine.ts";
import { render } from "../remote/render.ts";
import { readScript, RemoteScript, TOOLS_SCRIPT } from "../remote/script.ts";
import { scripts } from "./scripts.ts";

/** What the stack requires of its devices, as values of the scripts that check them. */
export interface Requirements {
  /** Ranges that a device's own addresses and routes must not overlap: setting and range, a line each. */
  readonly RANGES: string;
  /** The kernel's control groups that K3s runs on. */
  readonly CGROUPS: "v2" | "any";
}

/** The minor release of Kubernetes whose kubelet refuses to start on cgroup v1. */
const FIRST_ON_V2_ALONE = 35;

/** What a stack with these settings requires of its devices. */
export function requirementsOf({ overlay, cloud, k3s }: Settings): Requirements {
  const ranges = {
    "fogline:overlay.range": overlay.range,
    "fogline:k3s.podRange": k3s.podRange,
    "fogline:k3s.serviceRange": k3s.serviceRange,
    "fogline:cloud.network": cloud.network,
  };
  const [major = 0, minor = 0] = k3s.version.slice(1).split(".").map(Number);
  return {
    RANGES: Object.entries(ranges)
      .map((line) => line.join(" "))
      .join("\n"),
    CGROUPS: major > 1 || minor >= FIRST_ON_V2_ALONE ? "v2" : "any",
  };
}

/** Parts of every script that checks a device; they define `check_device`. */
export const CHECK_SCRIPTS = [
  TOOLS_SCRIPT,
  ...scripts("supported.sh", "boot.sh", "conflicts.sh", "network.sh", "needs.sh"),
] as const;

/**
 * Checks a device as the user who logs in, and fails with every reason why it cannot join. Changes
 * nothing there.
 *
 * The check runs once for each pair of address and host key, even if the script changes later: a device
 * that is off must not block updates of a running stack. Its preparation repeats the check.
 */
export function checkDevice(
  machine: EdgeMachine,
  { host, hostKey }: ReachableDevice,
  requirements: Requirements,
  opts: pulumi.CustomResourceOptions = {},
): RemoteScript {
  const node = nodeName(machine);
  const checks = render(readScript([...CHECK_SCRIPTS, ...scripts("check.sh")]), {
    NODE: node,
    ARCH: machine.arch,
    ...requirements,
  });
  const device = createHash("sha256").update(`${host} ${hostKey}`).digest("hex").slice(0, 8);
  return new RemoteScript(
    `${node}-check-${device}`,
    {
      machine,
      script: scripts("login.sh"),
      values: { NODE: node, LOGIN: machine.adminUser, CHECKS: checks },
      undo: false,
      asUser: true,
    },
    // Another address or host key gives the resource another name, so that no device is left unchecked.
    { ...opts, ignoreChanges: ["connection", "create", "update", "stdin", "logging"] },
  );
}
