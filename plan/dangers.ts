/** What a reviewer must not overlook in a difference. */
import { sizeOf as machineSizeOf } from "@fogline/azure-checks/sizes";

import { APPS } from "../apps/index.ts";
import type { Settings } from "../config/schema.ts";
import type { SettingsOf } from "../config/section.ts";
import { builtWith, transitions } from "../config/transition.ts";
import { isEveryone, sizeOf } from "../policy/openings.ts";
import { objectOf } from "../policy/objects.ts";
import { textAt } from "../policy/values.ts";
import { writePath } from "./changes.ts";
import type { Difference, Replaced } from "./difference.ts";
import { widenedRows, writePorts, type FirewallRow } from "./firewall.ts";
import type { Planned } from "./snapshot.ts";

/** `stop`: something is lost or opened; `mind`: something is away for a moment. */
export interface Danger {
  readonly level: "stop" | "mind";
  readonly kind: "machine" | "exposure" | "data" | "network" | "secret" | "restart" | "cluster";
  readonly text: string;
  /** Whether `pulumi up` refuses the change. */
  readonly refused?: boolean;
}

/** Every danger of a difference, the worst first. */
export function dangersOf(
  difference: Difference,
  base: readonly FirewallRow[],
  head: readonly FirewallRow[],
): Danger[] {
  return [
    ...difference.replaced.flatMap((replaced) => lost(replaced.before, replaced)),
    ...difference.destroyed.flatMap((resource) => lost(resource)),
    ...renamed(difference),
    ...opened(base, head),
    ...restarts(difference),
  ];
}

/** Dangers of the settings' change, which resources do not show: what a running cluster does not survive. */
export function settingsDangers(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Danger[] {
  if (!isWhole(before) || !isWhole(after)) {
    return [];
  }
  return transitions(builtWith(before, APPS), builtWith(after, APPS), APPS).map(
    ({ level, refused, path, rule, fix }) => ({
      level,
      kind: "cluster",
      text: `${path} ${rule}; ${refused ? "`pulumi up` refuses it: " : ""}${fix}`,
      ...(refused ? { refused } : {}),
    }),
  );
}

/** Settings of a checkout that has the program's sections, as every one does since there are plans. */
function isWhole(settings: object): settings is Settings & Partial<SettingsOf<typeof APPS>> {
  return ["cloud", "edge", "overlay", "k3s"].every((name) => name in settings);
}

/** What goes with a resource that is replaced or destroyed, by type. */
const LOSSES: readonly (readonly [RegExp, Danger["kind"], string])[] = [
  [
    /:compute:VirtualMachine$/,
    "machine",
    "its disk is deleted with all that lies on it; if that is the database, its claim stays bound to a node that is gone (docs/plan.md)",
  ],
  [/:compute:Disk$/, "data", "what lies on the disk is deleted"],
  [/:storage:|:documentdb:|:sql:|:dbfor/, "data", "what it stores is deleted"],
  [/:resources:ResourceGroup$/, "data", "everything in the group is deleted"],
  [/:PersistentVolume(Claim)?$/, "data", "what lies on the volume is deleted"],
  [/:core\/v1:Namespace$/, "data", "everything in it is deleted, volumes included"],
  [/:StatefulSet$/, "data", "its pods stop; volumes stay and nobody uses them until it is back"],
  [/:network:(VirtualNetwork|Subnet)$/, "network", "machines in it lose their connection"],
  [
    /:network:PublicIPAddress$/,
    "network",
    "the public address is released and cannot be reserved again",
  ],
  [/^random:/, "secret", "the secret changes for everyone who knows the old one"],
];

function lost(resource: Planned, replaced?: Replaced): Danger[] {
  const found = LOSSES.find(([type]) => type.test(resource.type));
  if (found === undefined) {
    return [];
  }
  const [, kind, loss] = found;
  const because =
    replaced === undefined
      ? ""
      : ` (${[...new Set(replaced.reasons.map(({ path }) => writePath(path)))].join(", ")})`;
  const action = replaced === undefined ? "destroys" : "replaces";
  return [
    {
      level: "stop",
      kind,
      text: `${action} ${describe(resource)}${because}: ${outcome(resource, loss)}`,
    },
  ];
}

/**
 * Objects that one resource gives up and another one declares. The provider takes over what has the
 * name, and the engine then deletes the same object for the resource that has gone.
 */
function renamed({ created, destroyed }: Difference): Danger[] {
  return destroyed.flatMap((before) => {
    const object = objectOf(before);
    const after = created.find((other) => object !== undefined && objectOf(other) === object);
    return after === undefined
      ? []
      : [
          {
            level: "stop" as const,
            kind: "data" as const,
            text: `deletes ${describe(after)} after it was taken over: it was ${before.name} before; add an alias of its old URN`,
          },
        ];
  });
}

function outcome({ protect, retainOnDelete, inputs }: Planned, loss: string): string {
  if (protect) {
    return "it is protected, so `pulumi up` refuses until `protect` is taken off";
  }
  if (textAt(inputs, "storageProfile.osDisk.deleteOption") === "Detach") {
    return "its disk is detached and stays";
  }
  return retainOnDelete ? "it stays in the cloud and is no longer looked after" : loss;
}

function opened(base: readonly FirewallRow[], head: readonly FirewallRow[]): Danger[] {
  return widenedRows(base, head).map(({ row, added, before }) => {
    const machines = row.machines.length === 0 ? row.group : row.machines.join(", ");
    const isWorld = added.some(isEveryone);
    const to = isWorld ? "everyone" : added.map(withSize).join(", ");
    const was = before.length === 0 ? "closed" : before.map(withSize).join(", ");
    const verb = before.length === 0 || isWorld ? "opens" : "widens";
    return {
      level: "stop",
      kind: "exposure",
      text: `${verb} ${writePorts(row)} of ${machines} to ${to}; was ${was}`,
    };
  });
}

function withSize(source: string): string {
  const size = sizeOf(source);
  return size === undefined
    ? source
    : `${source} (${size === 1 ? "1 address" : `${size} addresses`})`;
}

function restarts({ changed }: Difference): Danger[] {
  return changed
    .filter(({ after, changes }) =>
      changes.some(
        ({ path }) =>
          after.type === "azure-native:compute:VirtualMachine" &&
          writePath(path) === "hardwareProfile.vmSize",
      ),
    )
    .map(({ before, after }) => ({
      level: "mind",
      kind: "restart",
      text: `resizes ${describe(after)}: Azure restarts it, its pods are away for some minutes${staysOnHardware(before, after) ? "" : DEALLOCATE}`,
    }));
}

/** What the hardware under a machine cannot become; from "Change the size of a virtual machine", Azure. */
const DEALLOCATE =
  "; the new size is of another family, which the hardware that it runs on may not have: where Azure " +
  "answers OperationNotAllowed or AllocationFailed, stop it first with az vm deallocate, and run up again";

/** Whether both sizes are of one family, and thus on one kind of hardware. */
function staysOnHardware(before: Planned, after: Planned): boolean {
  const [from, to] = [before, after].map(
    ({ inputs }) => machineSizeOf(textAt(inputs, "hardwareProfile.vmSize") ?? "")?.family,
  );
  return from !== undefined && from === to;
}

function describe({ type, name, inputs }: Planned): string {
  const kind = type.split(":").at(-1) ?? type;
  return `${kind} ${textAt(inputs, "vmName") ?? name}`;
}
