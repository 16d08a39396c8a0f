/**
 * The settings of one stack: types, defaults and rules. Pure: imports no Pulumi.
 *
 * `parse` turns the raw values of `Pulumi.<stack>.yaml` into one frozen `Settings`, or throws one
 * `SettingsError` that lists every problem with its path, the rule it breaks and the fix.
 */
import { distance } from "fastest-levenshtein";
import { z } from "zod";

import { addressInside, parseCidr, rangesOverlap } from "./cidr.ts";

/** One broken rule of a stack file. */
export interface Problem {
  /** Where the value stands, e.g. `fogline:cloud.workers[0].name`. */
  readonly path: string;
  /** The rule it breaks, as a sentence. */
  readonly rule: string;
  /** What to do about it, as an imperative sentence. */
  readonly fix: string;
}

/** Thrown before anything is created; its message lists all problems of the stack file. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    const lines = problems.map((p) => `  - ${p.path}: ${p.rule}\n    fix: ${p.fix}`);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`The stack's settings have ${count}; nothing was created.\n${lines.join("\n")}`);
    this.name = "SettingsError";
  }
}

const cidr = z.string().refine((value) => parseCidr(value) !== undefined, {
  error: "must be an IPv4 range in CIDR form whose host bits are zero|write it like 10.10.0.0/16",
});
const dnsLabel = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  error:
    "must be 1-63 lower-case letters, digits or hyphens, as Kubernetes asks of a node name|choose a name like raspberrypi",
});
const azureName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/, {
  error:
    "must be 1-64 letters, digits or hyphens, as Azure asks of a Linux virtual machine's name|choose a name like WorkerNode",
});
const port = z
  .number({ error: "must be a port number|write a whole number from 1 to 65535" })
  .int({ error: "must be a whole number|write a whole number from 1 to 65535" })
  .min(1, { error: "must be 1 or more|write a whole number from 1 to 65535" })
  .max(65535, { error: "must be 65535 or less|write a whole number from 1 to 65535" });
const count = (min: number, max: number): z.ZodNumber =>
  z
    .number({ error: `must be a whole number from ${min} to ${max}|write such a number` })
    .int({ error: `must be a whole number from ${min} to ${max}|drop the fraction` })
    .min(min, { error: `must be ${min} or more|use at least ${min}` })
    .max(max, { error: `must be ${max} or less|use at most ${max}` });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, {
  error: "must be a SHA-256 sum: 64 lower-case hex digits|copy it from the release's checksum file",
});
const hostKey = z.string().regex(/^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]+=*$/, {
  error:
    "must be an SSH public host key, type and base64|copy the line of /etc/ssh/ssh_host_ed25519_key.pub without its comment",
});
/** Azure refuses these as an administrator's name (virtual machine FAQ, "username requirements"). */
const RESERVED_ADMINS = ["admin", "administrator", "root", "user", "test", "guest", "console"];

const cloud = z.strictObject({
  /** Resource group that holds everything the program makes in the cloud. */
  resourceGroup: azureName.default("CloudStep"),
  /** Azure region. */
  location: z.string().min(1).default("eastus"),
  /** Range of the virtual network. */
  network: cidr.default("10.10.0.0/16"),
  /** Range of the machines' subnet; lies inside `network`. */
  subnet: cidr.default("10.10.1.0/24"),
  /** Administrator made on every machine; logs in by SSH key only. */
  adminUser: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, {
      error: "must be a Linux user name|choose a name like fogline",
    })
    .refine((name) => !RESERVED_ADMINS.includes(name), {
      error: "must not be a name that Azure reserves|choose a name like fogline",
    })
    .default("fogline"),
  /** Ranges that may reach SSH: the operator's address as the internet sees it. */
  sshFrom: z
    .array(
      cidr.refine((value) => parseCidr(value)?.bits !== 0, {
        error:
          "must not open SSH to the whole internet|name the operator's address, e.g. 203.0.113.7/32",
      }),
      { error: "must be a list of ranges|name the operator's address, e.g. [203.0.113.7/32]" },
    )
    .min(1, {
      error: "must name who may reach SSH|name the operator's address, e.g. [203.0.113.7/32]",
    }),
  /** Marketplace image of the machines, `publisher:offer:sku:version`. */
  image: z
    .string()
    .regex(/^[^:]+:[^:]+:[^:]+:[^:]+$/, {
      error:
        "must have the form publisher:offer:sku:version|write it like Debian:debian-13:13-arm64:latest",
    })
    .default("Debian:debian-13:13-arm64:latest"),
  /** The K3s server and WireGuard hub. */
  master: z
    .strictObject({
      name: azureName.default("MasterNode"),
      size: z.string().min(1).default("Standard_B2pls_v2"),
    })
    .prefault({}),
  /** The cloud's K3s agents; at least one. */
  workers: z
    .array(
      z.strictObject({ name: azureName, size: z.string().min(1).default("Standard_B2pls_v2") }),
      { error: "must be a list of workers|write it like [{name: WorkerNode}]" },
    )
    .min(1, { error: "must have at least one worker|add {name: WorkerNode}" })
    .default([{ name: "WorkerNode", size: "Standard_B2pls_v2" }]),
});

const edgeDevice = z.strictObject({
  /** Node name in the cluster. */
  name: dnsLabel,
  /** Where the operator's computer reaches its SSH. */
  host: z.string().min(1, { error: "must be a host name or address|write it like 192.168.50.10" }),
  port: port.default(22),
  /** User that may run sudo without a password. */
  user: z.string().min(1).default("pi"),
  /** The device's public host key: pinned, never trusted on first use. */
  hostKey,
});

const overlay = z.strictObject({
  kind: z
    .enum(["wireguard"], { error: "must be a known kind of overlay|use wireguard" })
    .default("wireguard"),
  /** Range of the overlay's addresses; the hub takes the first one. */
  range: cidr.default("10.101.0.0/16"),
  /** UDP port of the hub. */
  listenPort: port.default(51820),
  /** Largest packet the path between members carries, in bytes; WireGuard's own MTU follows. */
  pathMtu: count(1280, 9000).default(1500),
});

const k3s = z.strictObject({
  /** Release of K3s, e.g. `v1.36.3+k3s1`. */
  version: z.string().regex(/^v\d+\.\d+\.\d+\+k3s\d+$/, {
    error: "must be a K3s release|write it like v1.36.3+k3s1",
  }),
  /** SHA-256 of the binary for each processor architecture in use. */
  sha256: z.strictObject({ amd64: sha256.optional(), arm64: sha256.optional() }),
  podRange: cidr.default("10.42.0.0/16"),
  serviceRange: cidr.default("10.43.0.0/16"),
});

const website = z.strictObject({
  /** Pods at the start; after that the autoscaler decides. */
  replicas: count(1, 100).default(4),
  minReplicas: count(1, 100).default(4),
  maxReplicas: count(1, 100).default(10),
  /** Mean CPU use the autoscaler aims at, in percent of the request. */
  targetCpuPercent: count(1, 100).default(70),
});

const sections = { cloud, edge: z.array(edgeDevice).default([]), overlay, k3s, website };

/** Everything the program may be told, with defaults filled in; deeply frozen. */
export interface Settings {
  readonly cloud: Readonly<z.output<typeof cloud>>;
  readonly edge: readonly Readonly<z.output<typeof edgeDevice>>[];
  readonly overlay: Readonly<z.output<typeof overlay>>;
  readonly k3s: Readonly<z.output<typeof k3s>>;
  readonly website: Readonly<z.output<typeof website>>;
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
  problems.push(...overlaps(raw), ...subnetRule(raw), ...nameRules(raw), ...replicaRules(raw));
  if (problems.length > 0) {
    throw new SettingsError(problems);
  }
  return deepFreeze(Object.fromEntries(parsed) as unknown as Settings);
}

function describe(section: string, schema: z.ZodType, issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.reduce<string>(
    (text, part) => text + (typeof part === "number" ? `[${part}]` : `.${String(part)}`),
    `fogline:${section}`,
  );
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => unknownKey(`${path}.${key}`, key, known));
  }
  const [rule, fix] = issue.message.split("|");
  return [{ path, rule: rule ?? issue.message, fix: fix ?? "correct or remove the value" }];
}

/** Keys that the schema allows at a path, for the "did you mean" of a misspelt one. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here: z.ZodType | undefined = unwrap(schema);
  for (const part of path) {
    if (here instanceof z.ZodArray) {
      here = unwrap(here.element as z.ZodType);
    } else if (here instanceof z.ZodObject) {
      const next: z.ZodType | undefined = (here.shape as Record<string, z.ZodType>)[String(part)];
      here = next === undefined ? undefined : unwrap(next);
    }
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

function unknownKey(path: string, key: string, known: readonly string[]): Problem {
  const nearest = [...known].sort((a, b) => distance(key, a) - distance(key, b))[0];
  const close = nearest !== undefined && distance(key, nearest) <= 3;
  return {
    path,
    rule: `is not a setting`,
    fix: close ? `did you mean ${nearest}?` : `remove it; known here: ${known.join(", ")}`,
  };
}

/** Ranges that may not overlap (S0-14), with the defaults that hold when a stack names none. */
const RANGES = [
  ["cloud", "network", "10.10.0.0/16"],
  ["overlay", "range", "10.101.0.0/16"],
  ["k3s", "podRange", "10.42.0.0/16"],
  ["k3s", "serviceRange", "10.43.0.0/16"],
] as const;

function overlaps(raw: Readonly<Record<string, unknown>>): Problem[] {
  const ranges = RANGES.map(([section, key, fallback]) => ({
    path: `fogline:${section}.${key}`,
    value: text(field(raw[section], key)) ?? fallback,
  }));
  return ranges.flatMap((a, i) =>
    ranges
      .slice(i + 1)
      .filter((b) => rangesOverlap(a.value, b.value))
      .map((b) => ({
        path: a.path,
        rule: `${a.value} overlaps ${b.path} (${b.value})`,
        fix: "give each of the two a range of its own",
      })),
  );
}

function subnetRule(raw: Readonly<Record<string, unknown>>): Problem[] {
  const network = text(field(raw["cloud"], "network")) ?? "10.10.0.0/16";
  const subnet = text(field(raw["cloud"], "subnet")) ?? "10.10.1.0/24";
  const outer = parseCidr(network);
  const inner = parseCidr(subnet);
  if (!outer || !inner || (inner.bits >= outer.bits && addressInside(inner.address, network))) {
    return [];
  }
  return [
    {
      path: "fogline:cloud.subnet",
      rule: `${subnet} does not lie inside fogline:cloud.network (${network})`,
      fix: "choose a part of the network's range",
    },
  ];
}

/** Node names are the lower-cased machine names, so two that differ in case alone clash too. */
function nameRules(raw: Readonly<Record<string, unknown>>): Problem[] {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  const master = text(field(field(raw["cloud"], "master"), "name")) ?? "MasterNode";
  const named = [
    { path: "fogline:cloud.master.name", name: master },
    ...names("fogline:cloud.workers", field(raw["cloud"], "workers")),
    ...names("fogline:edge", raw["edge"]),
  ];
  for (const { path, name } of named) {
    const earlier = seen.get(name.toLowerCase());
    if (earlier !== undefined) {
      problems.push({
        path,
        rule: `the node name ${name.toLowerCase()} is already taken by ${earlier}`,
        fix: "give every machine a name of its own",
      });
    }
    seen.set(name.toLowerCase(), path);
  }
  return problems;
}

function replicaRules(raw: Readonly<Record<string, unknown>>): Problem[] {
  const min = field(raw["website"], "minReplicas") ?? 4;
  const max = field(raw["website"], "maxReplicas") ?? 10;
  if (typeof min !== "number" || typeof max !== "number" || min <= max) {
    return [];
  }
  return [
    {
      path: "fogline:website.minReplicas",
      rule: `${min} is more than fogline:website.maxReplicas (${max})`,
      fix: "make the minimum the smaller of the two",
    },
  ];
}

function names(path: string, list: unknown): { path: string; name: string }[] {
  return Array.isArray(list)
    ? list.flatMap((item: unknown, i) => {
        const name = text(field(item, "name"));
        return name === undefined ? [] : [{ path: `${path}[${i}].name`, name }];
      })
    : [];
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) {
      deepFreeze(inner as object);
    }
  }
  return Object.freeze(value);
}
