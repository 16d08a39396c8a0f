/**
 * The settings of one stack: types, defaults and rules. Pure: imports no Pulumi.
 *
 * `parse` turns the raw values of `Pulumi.<stack>.yaml` into one frozen `Settings`, or throws one
 * `SettingsError` that lists every problem with its path, the rule it breaks and the fix.
 */
import { z } from "zod";

import { budgetProblems } from "./budget.ts";
import { cloud, type CloudSettings } from "./cloud.ts";
import { dashboard } from "./dashboard.ts";
import { edge, type EdgeDevice } from "./edge.ts";
import { cidr, count, downloadFrom, image, ipv4, port, sha256, url } from "./fields.ts";
import { knownOf } from "./known.ts";
import { netmaker, netmakerRules } from "./netmaker.ts";
import { describe, SettingsError, unknownKey, type Problem } from "./problems.ts";
import { crossRules } from "./rules.ts";

export const operator = z.strictObject({
  /** Private SSH key, without passphrase, for every machine; its `.pub` stands beside it. */
  sshKey: z.string().min(1).default("~/.ssh/id_ed25519"),
  /** Folder for what this computer needs as a member of the overlay; made with mode 0700. */
  folder: z.string().min(1).default("~/.config/fogline"),
});

const overlay = z.strictObject({
  kind: z
    .enum(["wireguard", "netmaker"], {
      error: "must be a known kind of overlay|use wireguard or netmaker",
    })
    .default("wireguard"),
  /** Range of the overlay's addresses; the hub takes the first one. */
  range: cidr.default("10.101.0.0/16"),
  /**
   * Addresses kept for members by name; the others' follow from their names. Of kind `wireguard` alone:
   * Netmaker's server gives its members theirs.
   */
  addresses: z.record(z.string(), ipv4).default({}),
  /** UDP port of the hub. */
  listenPort: port.default(51820),
  /** Largest packet the path between members carries, in bytes; WireGuard's own MTU follows. */
  pathMtu: count(1280, 9000).default(1500),
});

/** A registry as images name it. */
const registry = z.string().regex(/^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?)$/, {
  error: "must be a registry's name, as images begin with it, or *|write it like docker.io",
});
const mirror = url("must be an http(s) URL|write it like https://mirror.example.com");

const k3s = z.strictObject({
  /** Release of K3s, e.g. `v1.36.3+k3s1`. */
  version: z.string().regex(/^v\d+\.\d+\.\d+\+k3s\d+$/, {
    error: "must be a K3s release|write it like v1.36.3+k3s1",
  }),
  /** SHA-256 of the binary for each processor architecture in use. */
  sha256: z.strictObject({ amd64: sha256.optional(), arm64: sha256.optional() }),
  /** Where machines fetch the binary; `{version}` (URL-encoded) and `{suffix}` (`` or `-arm64`) are filled in. */
  download: downloadFrom(["version", "suffix"]).default(
    "https://github.com/k3s-io/k3s/releases/download/{version}/k3s{suffix}",
  ),
  /** Registries that stand in for others, as in K3s's `registries.yaml`: registry to endpoints. */
  mirrors: z.record(registry, z.array(mirror)).default({}),
  /** Range of the pods' addresses; each node has a /24 of it. It cannot change while the cluster is there. */
  podRange: cidr.default("10.42.0.0/16"),
  /** Range of the Services' addresses. It cannot change while the cluster is there. */
  serviceRange: cidr.default("10.43.0.0/16"),
});

/** Most pods of the website that may be asked for. */
export const MOST_PODS = 100;

const website = z.strictObject({
  /** The poll service of apps/website/service. */
  image,
  /** Whether the autoscaler decides the number of pods. */
  autoscale: z.boolean({ error: "must be true or false|write true or false" }).default(true),
  /** Pods without the autoscaler. */
  replicas: count(1, MOST_PODS).default(4),
  /** Fewest and most pods under the autoscaler. */
  minReplicas: count(1, MOST_PODS).default(4),
  maxReplicas: count(1, MOST_PODS).default(10),
  /** Mean CPU use the autoscaler aims at, in percent of the request. */
  targetCpuPercent: count(1, 100).default(70),
  /** Seconds of less load before pods are taken away. */
  scaleDownSeconds: count(0, 3600).default(300),
});

const database = z.strictObject({
  /** PostgreSQL with the contract of the official image (POSTGRES_*, PGDATA). */
  image,
  /** Size of the volume that holds the votes. */
  storage: z
    .string()
    .regex(/^[1-9]\d*(Mi|Gi)$/, { error: "must be a Kubernetes quantity|write it like 1Gi" })
    .default("1Gi"),
});

const ingress = z.strictObject({
  /** Traefik. */
  image,
});

const descheduler = z.strictObject({
  /** Kubernetes' descheduler; without it, pods that fled from a node stay away until the next rollout. */
  image: image.optional(),
  /** Seconds between two looks for pods that should go back. */
  intervalSeconds: count(5, 3600).default(30),
});

const sections = {
  operator,
  cloud,
  edge,
  overlay,
  netmaker,
  k3s,
  website,
  database,
  ingress,
  descheduler,
  dashboard,
};

/** Everything the program may be told, with defaults filled in; deeply frozen. */
export interface Settings {
  readonly operator: Readonly<z.output<typeof operator>>;
  readonly cloud: CloudSettings;
  readonly edge: readonly EdgeDevice[];
  readonly overlay: Readonly<z.output<typeof overlay>>;
  readonly netmaker: Readonly<z.output<typeof netmaker>>;
  readonly k3s: Readonly<z.output<typeof k3s>>;
  readonly website: Readonly<z.output<typeof website>>;
  readonly database: Readonly<z.output<typeof database>>;
  readonly ingress: Readonly<z.output<typeof ingress>>;
  readonly descheduler: Readonly<z.output<typeof descheduler>>;
  readonly dashboard: Readonly<z.output<typeof dashboard>>;
}

/** Names of the settings at the top of a stack file. */
export const SECTION_NAMES = Object.keys(sections) as readonly (keyof Settings)[];

/**
 * Checks a stack's raw settings.
 *
 * @param raw values under `fogline:` in `Pulumi.<stack>.yaml`, by name
 * @throws SettingsError listing every problem found
 */
export function parse(raw: Readonly<Record<string, unknown>>): Settings {
  const problems: Problem[] = [];
  for (const key of Object.keys(raw)) {
    if (!(key in sections)) {
      problems.push(unknownKey(`fogline:${key}`, key, SECTION_NAMES));
    }
  }
  const parsed = new Map<string, unknown>();
  for (const [name, schema] of Object.entries(sections)) {
    const result = schema.safeParse(raw[name] ?? (name === "edge" ? [] : {}));
    if (result.success) {
      parsed.set(name, result.data);
    } else {
      problems.push(...result.error.issues.flatMap((issue) => describe(name, schema, issue)));
    }
  }
  const known = knownOf(sections, raw);
  problems.push(...crossRules(known), ...netmakerRules(known));
  const sized = parsed.get("cloud") as Settings["cloud"] | undefined;
  problems.push(...(sized === undefined ? [] : budgetProblems(sized)));
  if (problems.length > 0) {
    throw new SettingsError(problems);
  }
  return deepFreeze(Object.fromEntries(parsed) as unknown as Settings);
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) {
      deepFreeze(inner as object);
    }
  }
  return Object.freeze(value);
}
