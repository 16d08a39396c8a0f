/** What a drain needs to know of a cluster, read out of kubectl's JSON. */
import { z } from "zod";

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  uid: z.string().default(""),
  generation: z.number().default(0),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  deletionTimestamp: z.string().optional(),
  ownerReferences: z
    .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().default(false) }))
    .default([]),
});

const condition = z.object({
  type: z.string(),
  status: z.string(),
  message: z.string().default(""),
});

const node = z.object({
  kind: z.literal("Node"),
  metadata,
  spec: z.object({ unschedulable: z.boolean().default(false) }),
  status: z.object({ conditions: z.array(condition).default([]) }),
});

const pod = z.object({
  kind: z.literal("Pod"),
  metadata,
  spec: z.object({
    nodeName: z.string().default(""),
    volumes: z
      .array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() }))
      .default([]),
  }),
  status: z.object({
    phase: z.string().default("Unknown"),
    conditions: z.array(condition).default([]),
  }),
});

const volume = z.object({
  kind: z.literal("PersistentVolume"),
  spec: z.object({
    claimRef: z.object({ namespace: z.string(), name: z.string() }).optional(),
    nodeAffinity: z
      .object({
        required: z.object({
          nodeSelectorTerms: z.array(
            z.object({
              matchExpressions: z
                .array(z.object({ key: z.string(), values: z.array(z.string()).default([]) }))
                .default([]),
            }),
          ),
        }),
      })
      .optional(),
  }),
});

const replicaSet = z.object({ kind: z.literal("ReplicaSet"), metadata });

const deployment = z.object({
  kind: z.literal("Deployment"),
  metadata,
  spec: z.object({
    replicas: z.number().default(1),
    paused: z.boolean().default(false),
    strategy: z
      .object({
        type: z.string().default("RollingUpdate"),
        rollingUpdate: z
          .object({ maxSurge: z.union([z.number(), z.string()]).default("25%") })
          .default({ maxSurge: "25%" }),
      })
      .default({ type: "RollingUpdate", rollingUpdate: { maxSurge: "25%" } }),
  }),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
    })
    .prefault({}),
});

const list = z.object({
  items: z.array(z.discriminatedUnion("kind", [node, pod, volume, replicaSet, deployment])),
});

export type Node = Readonly<z.output<typeof node>>;
export type Pod = Readonly<z.output<typeof pod>>;
export type Deployment = Readonly<z.output<typeof deployment>>;
type Item = z.output<typeof list>["items"][number];

/** Kinds that are asked for, as kubectl names them. */
export const KINDS = [
  ...["nodes", "pods", "persistentvolumes"],
  ...["replicasets.apps", "deployments.apps"],
].join(",");

/** What a drain looks at. */
export interface Facts {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly deployments: readonly Deployment[];
  /** The Deployment that a ReplicaSet belongs to, by `namespace/name` of each. */
  readonly deploymentOf: ReadonlyMap<string, string>;
  /** Claims whose volume lies on one node's disk, as `namespace/name`, and that node's name. */
  readonly localClaims: ReadonlyMap<string, string>;
}

/** @throws ZodError where it is no list of such objects */
export function readFacts(json: string): Facts {
  const { items } = list.parse(JSON.parse(json));
  const all = <K extends Item["kind"]>(kind: K): Extract<Item, { kind: K }>[] =>
    items.filter((item): item is Extract<Item, { kind: K }> => item.kind === kind);
  return {
    nodes: all("Node"),
    pods: all("Pod"),
    deployments: all("Deployment"),
    deploymentOf: new Map(
      all("ReplicaSet").flatMap((each) =>
        each.metadata.ownerReferences
          .filter(({ kind }) => kind === "Deployment")
          .map(({ name }) => [nameOf(each), `${each.metadata.namespace}/${name}`] as const),
      ),
    ),
    localClaims: new Map(
      all("PersistentVolume").flatMap(({ spec: { claimRef, nodeAffinity } }) =>
        claimRef === undefined
          ? []
          : (nodeAffinity?.required.nodeSelectorTerms ?? [])
              .flatMap(({ matchExpressions }) => matchExpressions)
              .filter(({ key }) => key === "kubernetes.io/hostname")
              .flatMap(({ values }) => values)
              .map((host) => [`${claimRef.namespace}/${claimRef.name}`, host] as const),
      ),
    ),
  };
}

/** `namespace/name` of an object. */
export function nameOf({ metadata: { namespace, name } }: Pick<Pod, "metadata">): string {
  return `${namespace}/${name}`;
}

/** Whether a condition of an object is met. */
export function is(
  type: string,
  { status }: { readonly status: { readonly conditions: Pod["status"]["conditions"] } },
): boolean {
  return status.conditions.some((each) => each.type === type && each.status === "True");
}
