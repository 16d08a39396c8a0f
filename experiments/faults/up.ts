/**
 * `up` while another fault is on: a change of the stack that meets a machine that is away, or an API that does not
 * answer. It may succeed, or fail with an error that says what is the matter; which of both is noted, with the nodes
 * that it leaves and their versions. The next `up`, when the fault is over, must succeed.
 */
import type { Fault } from "../model.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";

/** Characters of an error that are kept: its end names the cause. */
const KEPT = 600;

export const up: FaultKind<Extract<Fault, { kind: "up" }>> = {
  describe: () => "brings the stack up with a changed setting",
  subject: () => "up",
  inject: async (site, { settings }, note) => {
    const began = performance.now();
    const took = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`;
    try {
      await site.up(settings);
    } catch (error) {
      note(`up failed after ${took()}: ${String(error).trim().slice(-KEPT)}`);
      return;
    }
    note(`up succeeded after ${took()}: ${await versions(site)}`);
  },
  recover: (site, { before }) => site.up(before),
};

/** Nodes with the version of each one's kubelet, e.g. `masternode v1.36.3+k3s1, raspberrypi v1.36.3+k3s1`. */
async function versions(site: Site): Promise<string> {
  const each = '{.metadata.name} {.status.nodeInfo.kubeletVersion}{"\\n"}';
  const output = `--output=jsonpath={range .items[*]}${each}{end}`;
  const text = await site.kubectl("get", "nodes", output);
  return text.trim().replaceAll("\n", ", ");
}
