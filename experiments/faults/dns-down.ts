/**
 * The cluster has no name server: all pods of CoreDNS are gone, as when the only node with one is lost.
 *
 * Names are refused at once, as kube-proxy rejects packets to a Service without endpoints. What stands goes on: the
 * website's connections to its database, and Traefik, which has the pods' addresses from the API. A pod that starts
 * meanwhile serves pages and cannot count votes until there are names again.
 */
import type { Fault } from "../model.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";
import { endsItself, endsNoMore, script, undoing } from "./network/script.ts";

const SYSTEM = "--namespace=kube-system";
const DEPLOYMENT = "deployment/coredns";
/** Holds the number of pods of before, so that whoever comes next can put it back. */
const NOTE = "fogline/pods-before-fault";
/** Of the machine that brings them back where nobody else does. */
const TIMER = "fogline-fault-dns";
const NOTED = `jsonpath={.metadata.annotations.fogline\\/pods-before-fault}`;

export const dnsDown: FaultKind<Extract<Fault, { kind: "dns-down" }>> = {
  describe: () => "ends all of the cluster's name servers",
  subject: () => "coredns",
  inject: async (site, { guard }) => {
    const wanted = "jsonpath={.spec.replicas}";
    const before = Number(await site.kubectl("get", DEPLOYMENT, SYSTEM, `--output=${wanted}`));
    if (before === 0) {
      throw new Error("the cluster has no name server that could be ended");
    }
    await site.kubectl("annotate", DEPLOYMENT, SYSTEM, "--overwrite", `${NOTE}=${before}`);
    if (guard !== undefined) {
      await guarded(site, guard, before);
    }
    await site.kubectl("scale", DEPLOYMENT, SYSTEM, "--replicas=0");
    const gone = ["--for=delete", "--timeout=120s"];
    await site.kubectl("wait", "pods", SYSTEM, "--selector=k8s-app=kube-dns", ...gone);
  },
  recover: async (site, { guard }) => {
    const before = await site.kubectl("get", DEPLOYMENT, SYSTEM, `--output=${NOTED}`);
    if (before.trim() === "") {
      return;
    }
    await site.kubectl("scale", DEPLOYMENT, SYSTEM, `--replicas=${before.trim()}`);
    await site.kubectl("rollout", "status", DEPLOYMENT, SYSTEM, "--timeout=180s");
    if (guard !== undefined) {
      await site.onMachine(guard.machine, undoing("systemd-run", endsNoMore(TIMER)));
    }
    await site.kubectl("annotate", DEPLOYMENT, SYSTEM, `${NOTE}-`);
  },
};

/** Has the control plane's machine bring them back by itself, by the kubectl that K3s brings with it. */
async function guarded(
  site: Site,
  { machine, seconds }: NonNullable<Extract<Fault, { kind: "dns-down" }>["guard"]>,
  pods: number,
): Promise<void> {
  const back = `k3s kubectl scale ${DEPLOYMENT} ${SYSTEM} --replicas=${pods}`;
  const lines = [endsNoMore(TIMER), endsItself(TIMER, back, seconds)];
  await site.onMachine(machine, script(["systemd-run"], ...lines));
}
