/** Which pods leave a node, in which way, and which stay. Pure. */
import { is, nameOf, type Deployment, type Facts, type Node, type Pod } from "./facts.ts";

const CONTROL_PLANE = "node-role.kubernetes.io/control-plane";
/** Kubelet's own pods, which the API cannot end. */
const MIRROR = "kubernetes.io/config.mirror";

/** A pod that is not elsewhere after the drain, and why. */
export interface Harmed {
  readonly pod: Pod;
  readonly why: string;
}

/** What is to be done with a node's pods. */
export interface Plan {
  /** Deployments that make new pods before they end old ones. */
  readonly renewed: readonly Deployment[];
  /** Pods that are evicted: their controllers make others. */
  readonly evicted: readonly Pod[];
  /** Pods that would be missing until the node is back, or for good. */
  readonly harmed: readonly Harmed[];
  /** Pods that end already. */
  readonly leaving: readonly Pod[];
  /** Pods that run on every node, this one included. */
  readonly stay: readonly Pod[];
}

/**
 * The node that is meant, whatever the case of its name: machines' names have capitals, nodes' have none.
 *
 * @throws RangeError naming the nodes there are
 */
export function findNode({ nodes }: Facts, name: string): Node {
  const found = nodes.find(({ metadata }) => metadata.name === name.toLowerCase());
  if (found === undefined) {
    const names = nodes.map(({ metadata }) => metadata.name).sort();
    throw new RangeError(
      `${name === "" ? "NODE is not given" : `NODE=${name}: the cluster has no such node`}. fix: NODE=${names.join(" or NODE=")}`,
    );
  }
  return found;
}

/** Why a node cannot be drained; nothing where it can. */
export function refusalOf(facts: Facts, node: Node): string | undefined {
  const { name } = node.metadata;
  const servers = facts.nodes.filter(({ metadata }) => CONTROL_PLANE in metadata.labels);
  if (servers.includes(node) && servers.length === 1) {
    return (
      `${name} is the cluster's only control plane: without it no pod can be moved anywhere. ` +
      "Its K3s and the machine can be started anew without a drain (docs/maintenance.md)"
    );
  }
  const others = facts.nodes.filter(
    (other) =>
      other !== node &&
      !(CONTROL_PLANE in other.metadata.labels) &&
      !other.spec.unschedulable &&
      is("Ready", other),
  );
  return others.length > 0
    ? undefined
    : `no other worker is Ready and takes pods: those of ${name} have nowhere to go. ` +
        "fix: add a worker (docs/maintenance.md), or have a drained one take pods again (make undrain)";
}

/** What leaves a node, and how. */
export function planOf(facts: Facts, node: Node): Plan {
  const renewed = new Map<string, Deployment>();
  const evicted: Pod[] = [];
  const harmed: Harmed[] = [];
  const leaving: Pod[] = [];
  const stay: Pod[] = [];
  for (const pod of facts.pods) {
    const { metadata, spec, status } = pod;
    const owner = metadata.ownerReferences.find(({ controller }) => controller);
    if (spec.nodeName !== node.metadata.name || ["Succeeded", "Failed"].includes(status.phase)) {
      continue;
    }
    const claim = spec.volumes
      .map((volume) => `${metadata.namespace}/${volume.persistentVolumeClaim?.claimName ?? ""}`)
      .find((name) => facts.localClaims.get(name) === node.metadata.name);
    const deployment = deploymentOf(facts, pod);
    if (owner?.kind === "DaemonSet" || MIRROR in metadata.annotations) {
      stay.push(pod);
    } else if (metadata.deletionTimestamp !== undefined) {
      leaving.push(pod);
    } else if (claim !== undefined) {
      const why = `its data (the volume of ${claim}) lies on this node's disk: it can run nowhere else`;
      harmed.push({ pod, why });
    } else if (owner === undefined) {
      harmed.push({ pod, why: "no controller makes another one: it would be gone for good" });
    } else if (deployment !== undefined && makesNewFirst(deployment)) {
      renewed.set(nameOf(deployment), deployment);
    } else {
      evicted.push(pod);
    }
  }
  return { renewed: [...renewed.values()], evicted, harmed, leaving, stay };
}

/** Whether all pods of a Deployment are of its present template, and available. */
export function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  return (
    status.observedGeneration >= metadata.generation &&
    status.updatedReplicas === spec.replicas &&
    status.replicas === status.updatedReplicas &&
    status.availableReplicas === status.updatedReplicas
  );
}

/** Why a Deployment's pods find no node, in the scheduler's words; nothing where they do. */
export function unplaced(facts: Facts, deployment: Deployment): string | undefined {
  return facts.pods
    .filter((pod) => deploymentOf(facts, pod) === deployment && pod.status.phase === "Pending")
    .flatMap(({ status }) => status.conditions)
    .find(({ type, status }) => type === "PodScheduled" && status === "False")?.message;
}

function deploymentOf(facts: Facts, pod: Pod): Deployment | undefined {
  const { namespace, ownerReferences } = pod.metadata;
  const owner = ownerReferences.find(({ kind }) => kind === "ReplicaSet");
  const name = facts.deploymentOf.get(`${namespace}/${owner?.name ?? ""}`);
  return facts.deployments.find((each) => nameOf(each) === name);
}

function makesNewFirst({ spec: { paused, strategy } }: Deployment): boolean {
  return (
    !paused &&
    strategy.type === "RollingUpdate" &&
    Number.parseInt(String(strategy.rollingUpdate.maxSurge), 10) > 0
  );
}
