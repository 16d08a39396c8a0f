/** An inventory as text, with the counts and columns of Netmaker's screen (S0-24, S0-28): pure. */
import type { Inventory } from "./inventory.ts";

/** Title, counts, and a table for each kind of member. */
export function inventoryText({ network, range, hosts, clients, egresses }: Inventory): string {
  return [
    `Network ${network}  ${range}`,
    `Hosts ${hosts.length}  Clients ${clients.length}  Egress ${egresses.length}`,
    "",
    ...table(
      ["Host Name", "Private Address (IPv4)", "Public Address", "Connectivity", "Health Status"],
      hosts.map((host) => [
        host.name,
        host.privateAddress,
        host.publicAddress,
        host.connectivity,
        host.health,
      ]),
    ),
    "",
    ...table(
      ["Client", "Address", "Gateway", "State"],
      clients.map(({ name, address, gateway, enabled }) => [
        name,
        address,
        gateway,
        state(enabled),
      ]),
    ),
    "",
    ...table(
      ["Egress", "Range", "Via", "State"],
      egresses.map(({ name, range: reached, via, enabled }) => [
        name,
        reached,
        via,
        state(enabled),
      ]),
    ),
  ].join("\n");
}

function state(enabled: boolean): string {
  return enabled ? "Enabled" : "Disabled";
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, n) =>
    Math.max(column.length, ...rows.map((row) => (row[n] ?? "").length)),
  );
  return [columns, ...rows].map((row) =>
    row
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
