/**
 * The cluster has no name server: all pods of CoreDNS are gone, as when the only node with one is lost.
 *
 * Names are refused at once, as kube-proxy rejects packets to a Service without endpoints. What stands goes on: the
 * website's connections to its database, and Traefik, which has the pods' addresses from the API. A pod that starts
 * meanwhile serves pages and cannot count votes until there are names again.
 */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";

const SYSTEM = "--namespace=kube-system";
const DEPLOYMENT = "deployment/coredns";
/** Holds the number of pods of before, so that whoever comes next can put it back. */
const NOTE = "fogline/pods-before-fault";
const NOTED = `jsonpath={.metadata.annotations.fogline\\/pods-before-fault}`;

export const dnsDown: FaultKind<Extract<Fault, { kind: "dns-down" }>> = {
  describe: () => "ends all of the cluster's name servers",
  subject: () => "coredns",
  inject: async (site) => {
    const wanted = "jsonpath={.spec.replicas}";
    const before = Number(await site.kubectl("get", DEPLOYMENT, SYSTEM, `--output=${wanted}`));
    if (before === 0) {
      throw new Error("the cluster has no name server that could be ended");
    }
    await site.kubectl("annotate", DEPLOYMENT, SYSTEM, "--overwrite", `${NOTE}=${before}`);
    await site.kubectl("scale", DEPLOYMENT, SYSTEM, "--replicas=0");
    const gone = ["--for=delete", "--timeout=120s"];
    await site.kubectl("wait", "pods", SYSTEM, "--selector=k8s-app=kube-dns", ...gone);
  },
  recover: async (site) => {
    const before = await site.kubectl("get", DEPLOYMENT, SYSTEM, `--output=${NOTED}`);
    if (before.trim() === "") {
      return;
    }
    await site.kubectl("scale", DEPLOYMENT, SYSTEM, `--replicas=${before.trim()}`);
    await site.kubectl("rollout", "status", DEPLOYMENT, SYSTEM, "--timeout=180s");
    await site.kubectl("annotate", DEPLOYMENT, SYSTEM, `${NOTE}-`);
  },
};
