/**
 * Images cannot be pulled: machines' connections to their registries are refused, as when the registry's process has
 * ended. Registries are those of K3s' `registries.yaml`: the mirrors of the settings, and the cluster's own registry.
 *
 * Pods that run take no notice, and images that a node has are used: pods of the website start on every node that had
 * one before, as they name their image by digest (`imagePullPolicy: IfNotPresent`). A node without the image waits in
 * ImagePullBackOff, and pulls it when the registry is back. A machine that restarts meanwhile refuses nothing any more.
 */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";
import { LONGEST } from "./network/script.ts";
import { runOn } from "./scripts.ts";

const REGISTRIES = "/etc/rancher/k3s/registries.yaml";

export const registryGone: FaultKind<Extract<Fault, { kind: "registry-gone" }>> = {
  describe: ({ machines }) => `refuses connections of ${machines.join(", ")} to their registries`,
  subject: () => "registry",
  inject: async (site, { machines, limitSeconds = LONGEST }) => {
    const values = { ACTION: "refuse", REGISTRIES, LIMIT: String(limitSeconds) };
    for (const machine of machines) {
      await runOn(site, machine, "registry", values);
    }
  },
  recover: async (site, { machines }) => {
    for (const machine of machines) {
      await runOn(site, machine, "registry", { ACTION: "admit", REGISTRIES });
    }
  },
};
