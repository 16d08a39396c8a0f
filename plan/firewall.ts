/** The firewall as a table: who may reach which port of which machines, and why. */
import { covers, isPublic, openingsOf, type Opening } from "../policy/openings.ts";
import { at, listAt, textAt } from "../policy/values.ts";
import type { Planned, Snapshot } from "./snapshot.ts";

/** One allowed way in. */
export interface FirewallRow extends Opening {
  /** The security group that has the rule. */
  readonly group: string;
  /** Machines behind the group. */
  readonly machines: readonly string[];
  readonly why: string;
}

/** Reasons of the program's own rules, for a rule that carries none. */
const REASONS: Readonly<Record<string, string>> = {
  ssh: "the operator sets machines up (fogline:cloud.sshFrom)",
  wireguard: "members behind NAT dial the overlay's hub",
  "overlay-api": "the operator and the overlay's host ask Netmaker's API",
  http: "visitors of the website",
  https: "visitors of the website",
};

/** Every way into the cloud's machines; what is not in the table is closed. */
export function firewallOf({ resources }: Snapshot): FirewallRow[] {
  return resources.flatMap((group) =>
    openingsOf(group).map((opening) => ({
      ...opening,
      group: group.name,
      machines: machinesBehind(group, resources),
      why: opening.description ?? REASONS[opening.rule] ?? "no reason given",
    })),
  );
}

/** Machines that nothing from outside reaches: the edge dials out. */
export function closedMachines({ settings }: Snapshot): string[] {
  return listAt(settings, "edge").flatMap((device) => textAt(device, "name") ?? []);
}

/** The sources of each row that no row of the base let in at the same port. */
export function widenedRows(
  base: readonly FirewallRow[],
  head: readonly FirewallRow[],
): { readonly row: FirewallRow; readonly added: readonly string[]; readonly before: string[] }[] {
  return head.flatMap((row) => {
    const earlier = base.filter((other) => other.group === row.group && isAbout(other, row));
    const before = earlier.flatMap(({ from }) => from);
    const added = row.from.filter(
      (source) => isPublic(source) && !before.some((known) => covers(known, source)),
    );
    return added.length === 0 ? [] : [{ row, added, before }];
  });
}

/** Whether a rule lets in at every port of another one. */
function isAbout(wide: Opening, narrow: Opening): boolean {
  return (
    (wide.protocol === "any" || wide.protocol === narrow.protocol) &&
    narrow.ports.every(([first, last]) => wide.ports.some(([a, b]) => a <= first && last <= b))
  );
}

/** Ports as a person writes them, `80-90/tcp`. */
export function writePorts({ ports, protocol }: Opening): string {
  const ranges = ports.map(([first, last]) =>
    first === last ? String(first) : first === 0 && last === 65535 ? "all" : `${first}-${last}`,
  );
  return `${ranges.join(", ")}/${protocol}`;
}

function machinesBehind(group: Planned, resources: readonly Planned[]): string[] {
  const nics = resources.filter(
    ({ inputs }) => textAt(inputs, "networkSecurityGroup.id") === group.id,
  );
  return resources
    .filter(({ inputs }) =>
      listAt(inputs, "networkProfile.networkInterfaces").some((used) =>
        nics.some(({ id }) => at(used, "id") === id),
      ),
    )
    .map(({ name, inputs }) => textAt(inputs, "vmName") ?? name);
}
