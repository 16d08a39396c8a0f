/** What no container of the apps may do. */
import type * as k8s from "@pulumi/kubernetes";

/** A container without capabilities and with nothing of its own to write to. */
export const UNPRIVILEGED: k8s.types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
