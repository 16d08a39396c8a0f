/** The firewall as a table. */
import { isEveryone } from "../policy/openings.ts";
import { writePorts, type FirewallRow } from "./firewall.ts";
import { code, prose, table } from "./text.ts";

export function firewallTable(rows: readonly FirewallRow[], closed: readonly string[]): string {
  return table(
    ["From", "To", "Port", "Why"],
    [
      ...rows.map((row) => [
        row.from.map((source) => (isEveryone(source) ? "**everyone**" : code(source))).join(", "),
        row.machines.map(code).join(", ") || `nobody (${code(row.group)})`,
        code(writePorts(row)),
        prose(row.why),
      ]),
      ...closed.map((machine) => ["nobody", code(machine), "none", "it dials out"]),
    ],
  );
}
