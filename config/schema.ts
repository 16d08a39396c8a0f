/**
 * The settings of one stack: types, defaults and rules. Pure: imports no Pulumi.
 *
 * `parse` turns the raw values of `Pulumi.<stack>.yaml` into one frozen `Settings`, or throws one
 * `SettingsError` that lists every problem with its path, the rule it breaks and the fix. The sections
 * here are the program's own; each app brings one more (apps/index.ts).
 */
import { z } from "zod";

import { budgetProblems } from "./budget.ts";
import { cloud, type CloudSettings } from "./cloud.ts";
import { coreProblems } from "./cores.ts";
import { edge, type EdgeDevice } from "./edge.ts";
import { flannelBackend } from "./flannel.ts";
import { failover, type FailoverSettings } from "./failover.ts";
import { failoverRules } from "./failover-rules.ts";
import { cidr, count, downloadFrom, ipv4, port, sha256, url } from "./fields.ts";
import { knownOf, readableOf, type Known, type Readable } from "./known.ts";
import { netmaker, netmakerRules } from "./netmaker.ts";
import { describe, SettingsError, unknownKey, type Problem } from "./problems.ts";
import { registries } from "./registries.ts";
import { crossRules } from "./rules.ts";
import type { Sections, SettingsOf } from "./section.ts";

export const operator = z.strictObject({
  sshKey: z
    .string()
    .min(1)
    .default("~/.ssh/id_ed25519")
    .describe(
      "private SSH key for every machine, Ed25519 or RSA, without passphrase; `.pub` beside it",
    ),
  folder: z
    .string()
    .min(1)
    .default("~/.config/fogline")
    .describe("folder, made with mode 0700, for this computer's part of the overlay"),
});

const overlay = z.strictObject({
  kind: z
    .enum(["wireguard", "netmaker"], {
      error: "must be a known kind of overlay|use wireguard or netmaker",
    })
    .default("wireguard")
    .describe("`wireguard`, or `netmaker` (`docs/netmaker.md`)"),
  range: cidr
    .default("10.101.0.0/16")
    .describe("private range of the overlay's addresses, /22 or larger; the hub has the first one"),
  // Of kind wireguard alone: Netmaker's server gives its members theirs.
  addresses: z.record(z.string(), ipv4).default({}).meta({
    description: "addresses kept for members, by name",
    without: "they follow from names",
  }),
  listenPort: port.default(51820).describe("UDP port of the hub"),
  pathMtu: count(1280, 9000)
    .default(1500)
    .describe("largest packet that the path between members carries, bytes"),
});

/** A registry as images name it. */
const registry = z.string().regex(/^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?)$/, {
  error: "must be a registry's name, as images begin with it, or *|write it like docker.io",
});
const mirror = url("must be an http(s) URL|write it like https://mirror.example.com");

/** Where K3s' project publishes the binary. */
export const K3S_DOWNLOAD = "https://github.com/k3s-io/k3s/releases/download/{version}/k3s{suffix}";

const k3s = z.strictObject({
  version: z
    .string()
    .regex(/^v\d+\.\d+\.\d+\+k3s\d+$/, {
      error: "must be a K3s release|write it like v1.36.3+k3s1",
    })
    .describe("release of K3s, e.g. `v1.36.3+k3s1`"),
  sha256: z
    .strictObject({ amd64: sha256.optional(), arm64: sha256.optional() })
    .describe("SHA-256 of the binary, `{amd64, arm64}`, for each processor architecture in use"),
  download: downloadFrom(["version", "suffix"]).default(K3S_DOWNLOAD).meta({
    description:
      "where machines fetch the binary; `{version}` and `{suffix}` (nothing or `-arm64`) are filled in",
    without: "GitHub",
  }),
  mirrors: z
    .record(registry, z.array(mirror))
    .default({})
    .describe("registries that stand in for others, as in K3s' `registries.yaml`"),
  secretsEncryption: z
    .enum(["new", "always"], {
      error: "must say which clusters encrypt Secrets|use new or always",
    })
    .default("new")
    .describe(
      "Secrets are encrypted in the datastore of a `new` cluster, or `always`: of an older one, too",
    ),
  registries,
  podRange: cidr
    .default("10.42.0.0/16")
    .describe(
      "range of the pods, a /24 for each node; it cannot change while the cluster is there",
    ),
  serviceRange: cidr
    .default("10.43.0.0/16")
    .describe("range of the Services; it cannot change while the cluster is there"),
  flannelBackend,
});

const sections = { operator, cloud, edge, overlay, netmaker, k3s, failover };

/** What the program itself may be told, with defaults filled in; deeply frozen. */
export interface Settings {
  readonly operator: Readonly<z.output<typeof operator>>;
  readonly cloud: CloudSettings;
  readonly edge: readonly EdgeDevice[];
  readonly overlay: Readonly<z.output<typeof overlay>>;
  readonly netmaker: Readonly<z.output<typeof netmaker>>;
  readonly k3s: Readonly<z.output<typeof k3s>>;
  readonly failover: FailoverSettings;
}

/** Settings of apps by the apps' names. */
export type AppSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Schemas by section, the program's own first. */
export function schemasOf(apps: Sections): Readonly<Record<string, z.ZodType>> {
  const own = Object.entries(apps).map(([name, { settings }]) => [name, settings.schema] as const);
  return { ...sections, ...Object.fromEntries(own) };
}

/** A stack's settings as far as they can be read, and everything that is wrong with them. */
export interface Reading {
  readonly problems: readonly Problem[];
  /** Parsed values by section, with defaults; what is wrong in itself is left out. */
  readonly readable: Readable;
}

/**
 * Reads a stack's raw settings, however wrong they are.
 *
 * @param raw values under `fogline:` in `Pulumi.<stack>.yaml`, by name
 * @param apps sections beside the program's own
 */
export function read(raw: Readonly<Record<string, unknown>>, apps: Sections = {}): Reading {
  const schemas = schemasOf(apps);
  const problems: Problem[] = [];
  for (const key of Object.keys(raw).filter((name) => !(name in schemas))) {
    problems.push(unknownKey(`fogline:${key}`, key, Object.keys(schemas)));
  }
  const readable: Record<string, unknown> = {};
  let isCloudRight = true;
  for (const [name, schema] of Object.entries(schemas)) {
    const given = raw[name] ?? (name === "edge" ? [] : {});
    const { data, error } = schema.safeParse(given);
    readable[name] = error === undefined ? data : readableOf(schema, given);
    problems.push(...(error?.issues ?? []).flatMap((issue) => describe(name, schema, issue)));
    isCloudRight &&= name !== "cloud" || error === undefined;
  }
  const known = knownOf(readable);
  problems.push(
    ...crossRules(known),
    ...netmakerRules(known),
    ...failoverRules(known),
    ...rulesOf(apps, readable, known),
  );
  // A bill of half of the machines says nothing, and neither do their cores.
  if (isCloudRight) {
    const whole = known.cloud as CloudSettings;
    problems.push(...budgetProblems(whole), ...coreProblems(whole));
  }
  return { problems, readable };
}

/**
 * Checks a stack's raw settings.
 *
 * @param raw values under `fogline:` in `Pulumi.<stack>.yaml`, by name
 * @param apps sections beside the program's own
 * @throws SettingsError listing every problem found
 */
export function parse(raw: Readonly<Record<string, unknown>>): Settings;
export function parse<A extends Sections>(
  raw: Readonly<Record<string, unknown>>,
  apps: A,
): Settings & SettingsOf<A>;
export function parse(raw: Readonly<Record<string, unknown>>, apps: Sections = {}): Settings {
  const { problems, readable } = read(raw, apps);
  if (problems.length > 0) {
    throw new SettingsError(problems);
  }
  return settingsOf(readable);
}

/** Settings in which nothing was found wrong. */
export function settingsOf<A extends Sections>(readable: Readable): Settings & SettingsOf<A> {
  return deepFreeze(readable as Settings & SettingsOf<A>);
}

function rulesOf(apps: Sections, readable: Readable, known: Known): Problem[] {
  return Object.entries(apps).flatMap(
    ([name, { settings }]) =>
      settings.rules?.(readable[name] as Readonly<Record<string, unknown>>, known) ?? [],
  );
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) {
      deepFreeze(inner as object);
    }
  }
  return Object.freeze(value);
}
