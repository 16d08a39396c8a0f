/**
 * What a change of a stack's settings does to a cluster that runs, told before it is made. Pure: the
 * plan shows it, and `up` refuses what a cluster does not survive (stacks/record.ts).
 */
import { backendChanges, DEFAULT_BACKEND, type FlannelBackend } from "./flannel.ts";
import { mind, refuse, type Transition } from "./transition-kind.ts";
import type { Settings } from "./schema.ts";
import type { Sections, SettingsOf } from "./section.ts";

/** Settings of the cloud that Azure changes on no machine that exists. */
const FIXED = [
  { key: "resourceGroup", why: "everything in the cloud is made anew in another group" },
  { key: "location", why: "everything in the cloud is made anew in another region" },
  {
    key: "adminUser",
    why: "Azure changes no machine's administrator, so every machine is made anew",
  },
  { key: "image", why: "Azure changes no machine's image, so every machine is made anew" },
  {
    key: "subnet",
    why: "Azure moves no subnet that machines are in, so every machine is made anew",
  },
] as const;

/**
 * The settings that a running cluster was built with; no secret among them. Each app that records
 * something has a key of its own beside these.
 */
export interface Built {
  readonly cloud: Pick<Settings["cloud"], (typeof FIXED)[number]["key"] | "network">;
  readonly master: string;
  readonly workers: readonly string[];
  /** GiB of the disks that were ordered with a size, by machine. */
  readonly disks: Readonly<Record<string, number>>;
  /** Zones of the machines that are in one, by machine. */
  readonly zones: Readonly<Record<string, string>>;
  /** Where each device is reached, by name; empty for one that joins by a bundle. */
  readonly devices: Readonly<Record<string, string>>;
  readonly overlay: Pick<Settings["overlay"], "kind" | "range" | "listenPort">;
  readonly k3s: Pick<Settings["k3s"], "version" | "podRange" | "serviceRange"> & {
    /** Absent where it is the default, as in records of releases that had no other. */
    readonly flannelBackend?: FlannelBackend;
  };
  /** Most that a month may cost; policies read it here. */
  readonly monthlyBudgetUsd: number;
  readonly [app: string]: unknown;
}

/** Name of the resource that holds the record. */
export const RECORD = "fogline-record";

/** What of the settings a later change is compared with; apps without settings are left out. */
export function builtWith<A extends Sections>(
  settings: Settings & Partial<SettingsOf<A>>,
  apps: A,
): Built {
  const { cloud, edge, overlay, k3s } = settings;
  const machines = [cloud.master, ...cloud.workers];
  const { resourceGroup, location, adminUser, image, subnet, network } = cloud;
  return {
    cloud: { resourceGroup, location, adminUser, image, subnet, network },
    master: cloud.master.name,
    workers: cloud.workers.map(({ name }) => name),
    disks: Object.fromEntries(
      machines.flatMap(({ name, disk }) => {
        const { sizeGiB } = disk ?? cloud.disk;
        return sizeGiB === undefined ? [] : [[name, sizeGiB]];
      }),
    ),
    zones: Object.fromEntries(
      machines.flatMap(({ name, zone }) => (zone === undefined ? [] : [[name, zone]])),
    ),
    devices: Object.fromEntries(
      edge.map((device) => [device.name, device.reach === "bundle" ? "" : placeOf(device)]),
    ),
    overlay: { kind: overlay.kind, range: overlay.range, listenPort: overlay.listenPort },
    k3s: {
      ...{ version: k3s.version, podRange: k3s.podRange, serviceRange: k3s.serviceRange },
      ...(k3s.flannelBackend === DEFAULT_BACKEND ? {} : { flannelBackend: k3s.flannelBackend }),
    },
    monthlyBudgetUsd: cloud.monthlyBudgetUsd,
    ...kept(settings, apps),
  };
}

type Reached = Exclude<Settings["edge"][number], { reach: "bundle" }>;

function placeOf(device: Reached): string {
  const way = device.reach === "jump" ? `${device.jump.host}:${device.jump.port} ` : "";
  return `${way}${device.host}:${device.port}`;
}

function kept(settings: object, apps: Sections): Record<string, unknown> {
  const own = new Map<string, Readonly<Record<string, unknown>>>(Object.entries(settings));
  return Object.fromEntries(
    Object.entries(apps).flatMap(
      ([
        name,
        {
          settings: { record },
        },
      ]) => {
        const found = own.get(name);
        return record === undefined || found === undefined
          ? []
          : [[name, record.keep(found)] as const];
      },
    ),
  );
}

/** Every dangerous change between two states of a stack's settings, the worst first. */
export function transitions(before: Built, after: Built, apps: Sections): Transition[] {
  const all = [
    ...cloudOf(before, after),
    ...clusterRanges(before, after),
    ...backendChanges(
      before.k3s.flannelBackend ?? DEFAULT_BACKEND,
      after.k3s.flannelBackend ?? DEFAULT_BACKEND,
    ),
    ...machines(before, after),
    ...devices(before, after),
    ...overlayMoves(before, after),
    ...release(before, after),
    // An app that one of the two does not have leaves nothing to compare.
    ...Object.entries(apps).flatMap(([name, { settings }]) =>
      name in before && name in after
        ? (settings.record?.changes(before[name], after[name]) ?? [])
        : [],
    ),
  ];
  return [
    ...all.filter(({ level }) => level === "stop"),
    ...all.filter(({ level }) => level !== "stop"),
  ];
}

const REBUILD =
  "or build the cluster anew: dump the database, pulumi destroy, pulumi up, restore (docs/plan.md)";

function cloudOf({ cloud: before }: Built, { cloud: after }: Built): Transition[] {
  const network = mind(
    "cloud.network",
    `changes from ${before.network} to ${after.network}: the network keeps its machines, and what is peered with it must be synchronized`,
    "keep the subnet inside it",
  );
  return [
    ...FIXED.filter(({ key }) => before[key] !== after[key]).map(({ key, why }) =>
      refuse(
        `cloud.${key}`,
        `changes from ${before[key]} to ${after[key]}: ${why}, and the disks are deleted with all that lies on them`,
        `put ${before[key]} back, ${REBUILD}`,
      ),
    ),
    ...(before.network === after.network ? [] : [network]),
  ];
}

function clusterRanges({ k3s: before }: Built, { k3s: after }: Built): Transition[] {
  return (["podRange", "serviceRange"] as const)
    .filter((key) => before[key] !== after[key])
    .map((key) =>
      refuse(
        `k3s.${key}`,
        `changes from ${before[key]} to ${after[key]}: K3s keeps the range it was made with, and nodes and Services of the old one would lose their addresses`,
        `put ${before[key]} back, ${REBUILD}`,
      ),
    );
}

function machines(before: Built, after: Built): Transition[] {
  const changes: Transition[] = [];
  if (before.master !== after.master) {
    changes.push(
      refuse(
        "cloud.master.name",
        `changes from ${before.master} to ${after.master}: the master is made anew, and the whole cluster's records go with the old one's disk`,
        `put ${before.master} back, ${REBUILD}`,
      ),
    );
  }
  const gone = before.workers.filter((name) => !after.workers.includes(name));
  const isLast = gone.length === before.workers.length;
  if (gone.length > 0) {
    changes.push({
      level: "stop",
      refused: isLast,
      path: "fogline:cloud.workers",
      rule:
        `${gone.join(", ")} ${gone.length === 1 ? "is" : "are"} deleted with ${gone.length === 1 ? "its disk" : "their disks"}: ` +
        (isLast
          ? "the votes are on one of them, and"
          : "if the votes are there (kubectl -n website get pod -l app=database -o wide), they are lost, and") +
        " the database's volume claim stays bound to a node that is gone, so that its pod never starts again",
      fix: isLast
        ? `add the new workers beside the old ones, move the database (docs/plan.md), then remove the old ones`
        : "move the database first (docs/plan.md)",
    });
  }
  for (const name of [before.master, ...before.workers]) {
    const [size, now] = [before.disks[name], after.disks[name]];
    const isThere = after.master === name || after.workers.includes(name);
    if (isThere && size !== undefined && (now ?? 0) < size) {
      changes.push(
        refuse(
          "cloud.disk.sizeGiB",
          `of ${name} shrinks from ${size} to ${now ?? "the image's size"}: Azure makes no disk smaller`,
          `put ${size} back`,
        ),
      );
    }
    if (isThere && before.zones[name] !== after.zones[name]) {
      const zone = before.zones[name];
      changes.push(
        refuse(
          name === before.master ? "cloud.master.zone" : "cloud.workers",
          `move ${name} to ${after.zones[name] === undefined ? "no zone" : `zone ${after.zones[name]}`}: Azure moves no machine, so it is made anew and its disk is deleted`,
          `${zone === undefined ? "take the zone out again" : `put zone ${zone} back`}, ${REBUILD}`,
        ),
      );
    }
  }
  return changes;
}

/** A device under another name is taken out after it was taken in: its K3s and tunnel would be purged. */
function devices(before: Built, after: Built): Transition[] {
  return Object.entries(before.devices)
    .filter(([name, place]) => place !== "" && !(name in after.devices))
    .flatMap(([name, place]) => {
      const renamed = Object.entries(after.devices).find(
        ([other, now]) => now === place && !(other in before.devices),
      )?.[0];
      return renamed === undefined
        ? []
        : [
            refuse(
              "edge",
              `${name} becomes ${renamed} at ${place}: the device would join under the new name, and then be told to leave under the old one`,
              `do it in two steps: take ${name} out and run pulumi up, then add ${renamed} and run it again`,
            ),
          ];
    });
}

/** Devices that join by a bundle know the hub by what the bundle says. */
function overlayMoves(before: Built, after: Built): Transition[] {
  const cutOff = Object.entries(before.devices).flatMap(([name, place]) =>
    place === "" && after.devices[name] === "" ? [name] : [],
  );
  return (["kind", "range", "listenPort"] as const)
    .filter((key) => before.overlay[key] !== after.overlay[key])
    .map((key) => {
      const [was, is] = [before.overlay[key], after.overlay[key]];
      return cutOff.length > 0
        ? refuse(
            `overlay.${key}`,
            `changes from ${was} to ${is}: ${cutOff.join(", ")} joined by a bundle, which has ${was}, and nobody could tell them the new one`,
            `put ${was} back, or take them out of fogline:edge first and invite them anew afterwards`,
          )
        : mind(
            `overlay.${key}`,
            `changes from ${was} to ${is}: every tunnel is made anew, and nodes and pods do not reach each other until each has changed`,
            "choose a time when that does no harm",
          );
    });
}

type Release = readonly [major: number, minor: number, patch: number, build: number];

function release({ k3s: before }: Built, { k3s: after }: Built): Transition[] {
  const [was, is] = [releaseOf(before.version), releaseOf(after.version)];
  if (was === undefined || is === undefined || before.version === after.version) {
    return [];
  }
  const first = was.findIndex((part, n) => part !== is[n]);
  const isOlder = (is[first] ?? 0) < (was[first] ?? 0);
  const change = `changes from ${before.version} to ${after.version}: `;
  if (isOlder && first < 2) {
    return [
      refuse(
        "k3s.version",
        `${change}an older K3s cannot read what a newer one has written`,
        `put ${before.version} back, ${REBUILD}`,
      ),
    ];
  }
  if (isOlder) {
    return [
      mind(
        "k3s.version",
        `${change}an older release of the same minor version has faults that are known`,
        "take the newest patch of that minor version",
      ),
    ];
  }
  return first === 0 || is[1] - was[1] > 1
    ? [
        refuse(
          "k3s.version",
          `${change}Kubernetes goes up by one minor version at a time, and the master's script refuses more`,
          `take the newest release of v${was[0]}.${was[1] + 1} and run pulumi up, then of the next minor version, one after the other, up to ${after.version}`,
        ),
      ]
    : [];
}

function releaseOf(version: string): Release | undefined {
  const found = /^v(\d+)\.(\d+)\.(\d+)\+k3s(\d+)$/.exec(version);
  const [, major = "", minor = "", patch = "", build = ""] = found ?? [];
  return found === null ? undefined : [Number(major), Number(minor), Number(patch), Number(build)];
}
