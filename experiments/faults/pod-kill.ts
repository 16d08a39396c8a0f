/** A pod that is deleted without notice: its containers are killed, and its controller makes another. */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";

export const podKill: FaultKind<Extract<Fault, { kind: "pod-kill" }>> = {
  describe: ({ app }) => `kills one pod of ${app}`,
  subject: ({ app }) => app,
  inject: async (site, { app }) => {
    const labels = ["--namespace", app, "--selector", `app=${app}`];
    const names = await site.kubectl("get", "pods", ...labels, "--output=name");
    const [first] = names.split("\n");
    if (first === undefined || first === "") {
      throw new Error(`${app} has no pod that could be killed`);
    }
    const now = ["--grace-period=0", "--force", "--wait=false"];
    await site.kubectl("delete", first, "--namespace", app, ...now);
  },
  // Its controller has made another.
  recover: () => Promise.resolve(),
};
