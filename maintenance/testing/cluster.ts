/** A cluster as far as kubectl shows it to a drain: what it is asked for happens when it is waited for. */
import type { Access } from "../drain.ts";

interface Pod {
  readonly name: string;
  node: string;
  /** Owner's kind and name; none for a pod of nobody. */
  readonly owner?: readonly [string, string];
  readonly claim?: string;
  ending?: boolean;
  old?: boolean;
}

interface Options {
  readonly pods: readonly Pod[];
  /** Names of Deployments in the namespace `website`, whose ReplicaSets are called alike, with their strategies. */
  readonly deployments?: Readonly<Record<string, object>>;
  readonly nodes?: readonly string[];
  /** Claims on the disk of `raspberrypi`. */
  readonly localClaims?: readonly string[];
  /** How often a disruption budget refuses an eviction. */
  readonly refusals?: number;
  /** Whether new pods find no node. */
  readonly full?: boolean;
}

export class FakeCluster {
  /** Commands that changed something, and what a person was told. */
  readonly done: string[] = [];
  readonly said: string[] = [];
  readonly pods: Pod[];
  private readonly unschedulable = new Set<string>();
  private readonly rolling = new Set<string>();
  private refusals: number;

  constructor(private readonly options: Options) {
    this.pods = options.pods.map((pod) => ({ ...pod }));
    this.refusals = options.refusals ?? 0;
  }

  get access(): Access {
    return {
      kubectl: (args, input = "") => Promise.resolve().then(() => this.run(args, input)),
      say: (line) => this.said.push(line),
      pause: () => {
        this.pass();
        return Promise.resolve();
      },
    };
  }

  /** Names of pods on a node. */
  on(node: string): string[] {
    return this.pods.filter((pod) => pod.node === node).map(({ name }) => name);
  }

  private run(args: readonly string[], input: string): string {
    const [verb, subject = ""] = args;
    if (verb === "get") {
      return JSON.stringify({ items: this.items() });
    }
    this.done.push(
      verb === "create"
        ? `evict ${(JSON.parse(input) as { metadata: { name: string } }).metadata.name}`
        : args.join(" "),
    );
    switch (verb) {
      case "cordon":
        this.unschedulable.add(subject);
        return "";
      case "uncordon":
        this.unschedulable.delete(subject);
        return "";
      case "rollout": {
        const name = (args[2] ?? "").replace("deployment/", "");
        this.rolling.add(name);
        for (const pod of this.of(name)) {
          pod.old = true;
        }
        return "";
      }
      default:
        return this.evict(subject);
    }
  }

  private evict(path: string): string {
    const name = /pods\/([^/]+)\/eviction$/.exec(path)?.[1];
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error(
        "Error from server (TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget.",
      );
    }
    const pod = this.pods.find((each) => each.name === name);
    if (pod === undefined) {
      throw new Error(`Error from server (NotFound): pods "${name ?? ""}" not found`);
    }
    pod.ending = true;
    return "";
  }

  private of(deployment: string): Pod[] {
    return this.pods.filter(({ owner }) => owner?.[0] === "ReplicaSet" && owner[1] === deployment);
  }

  /** A second: a rollout replaces a pod by one elsewhere, what was to end is gone. */
  private pass(): void {
    for (const pod of this.pods.filter(({ ending }) => ending === true)) {
      this.pods.splice(this.pods.indexOf(pod), 1);
    }
    for (const name of this.rolling) {
      const old = this.of(name).find((pod) => pod.old === true);
      if (old === undefined) {
        this.rolling.delete(name);
      } else if (this.options.full !== true) {
        old.old = false;
        old.node =
          this.nodes.find((node) => node !== "masternode" && !this.unschedulable.has(node)) ?? "";
      }
    }
  }

  private get nodes(): readonly string[] {
    return this.options.nodes ?? ["masternode", "raspberrypi", "workernode"];
  }

  private items(): object[] {
    const { deployments = {}, localClaims = [], full } = this.options;
    return [
      ...this.nodes.map((name) => ({
        kind: "Node",
        metadata: {
          name,
          ...(name === "masternode"
            ? { labels: { "node-role.kubernetes.io/control-plane": "true" } }
            : {}),
        },
        spec: this.unschedulable.has(name) ? { unschedulable: true } : {},
        status: { conditions: [{ type: "Ready", status: "True" }] },
      })),
      ...localClaims.map((claim) => ({
        kind: "PersistentVolume",
        spec: {
          claimRef: { namespace: "website", name: claim },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: "kubernetes.io/hostname", values: ["raspberrypi"] }] },
              ],
            },
          },
        },
      })),
      ...this.pods.map(podObject),
      ...Object.entries(deployments).flatMap(([name, strategy]) => [
        {
          kind: "ReplicaSet",
          metadata: {
            name,
            namespace: "website",
            ownerReferences: [{ kind: "Deployment", name, controller: true }],
          },
        },
        this.deployment(name, strategy),
      ]),
      ...(full === true ? [this.pending()] : []),
    ];
  }

  private deployment(name: string, strategy: object): object {
    const replicas = this.of(name).length;
    const updatedReplicas = this.of(name).filter((pod) => pod.old !== true).length;
    return {
      kind: "Deployment",
      metadata: { name, namespace: "website", generation: 1 },
      spec: { replicas, strategy },
      status: { observedGeneration: 1, replicas, updatedReplicas, availableReplicas: replicas },
    };
  }

  private pending(): object {
    const [name = ""] = this.rolling;
    return {
      ...podObject({ name: "new", node: "", owner: ["ReplicaSet", name] }),
      status: {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes are available" }],
      },
    };
  }
}

function podObject({ name, node, owner, claim, ending }: Pod): object {
  return {
    kind: "Pod",
    metadata: {
      name,
      namespace: "website",
      ...(ending === true ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ kind: owner[0], name: owner[1], controller: true }] }),
    },
    spec: {
      nodeName: node,
      volumes: claim === undefined ? [] : [{ persistentVolumeClaim: { claimName: claim } }],
    },
    status: { phase: "Running" },
  };
}
