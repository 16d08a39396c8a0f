/** The connection diagram (S0-29) of an inventory as SVG: pure. */
import type { Inventory } from "./inventory.ts";

/** Sizes in pixels. */
const WIDTH = 880;
const BOX = { width: 220, height: 64 };
const ROW = 92;
const TOP = 72;
const COLUMNS = { clients: 24, hosts: (WIDTH - BOX.width) / 2, egresses: WIDTH - BOX.width - 24 };

interface Placed {
  readonly x: number;
  readonly y: number;
}

/** Clients on the left, hosts in the middle, egresses on the right; lines are tunnels and routes. */
export function inventorySvg(inventory: Inventory): string {
  const { hosts, clients, egresses } = inventory;
  const rows = Math.max(hosts.length, clients.length, egresses.length, 1);
  const height = TOP + rows * ROW + 24;
  const place = (x: number, n: number, of: number): Placed => ({
    x,
    y: TOP + ((rows - of) * ROW) / 2 + n * ROW,
  });
  const at = new Map(hosts.map(({ name }, n) => [name, place(COLUMNS.hosts, n, hosts.length)]));
  const boxes = [
    ...hosts.map((host, n) =>
      box(place(COLUMNS.hosts, n, hosts.length), host.isGateway ? "gateway" : "host", [
        host.isGateway ? `${host.name} (gateway)` : host.name,
        host.privateAddress,
        `${host.publicAddress}, ${host.health.toLowerCase()}`,
      ]),
    ),
    ...clients.map(({ name, address, enabled }, n) =>
      box(place(COLUMNS.clients, n, clients.length), enabled ? "client" : "off", [
        name,
        address,
        enabled ? "WireGuard client" : "disabled",
      ]),
    ),
    ...egresses.map(({ name, range, enabled }, n) =>
      box(place(COLUMNS.egresses, n, egresses.length), enabled ? "egress" : "off", [
        name,
        range,
        enabled ? "egress" : "disabled",
      ]),
    ),
  ];
  const lines = [
    ...clients.map(({ gateway, enabled }, n) =>
      line(place(COLUMNS.clients, n, clients.length), at.get(gateway), enabled),
    ),
    ...egresses.map(({ via, enabled }, n) =>
      line(at.get(via), place(COLUMNS.egresses, n, egresses.length), enabled),
    ),
    ...hosts
      .slice(1)
      .map(({ connectivity }, n) =>
        line(
          place(COLUMNS.hosts, n, hosts.length),
          place(COLUMNS.hosts, n + 1, hosts.length),
          connectivity === "Connected",
        ),
      ),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    STYLE,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="24" y="32" font-size="18" font-weight="bold">${escape(`Network ${inventory.network} ${inventory.range}`)}</text>`,
    `<text x="24" y="54">Hosts ${hosts.length}, Clients ${clients.length}, Egress ${egresses.length}</text>`,
    ...lines,
    ...boxes,
    "</svg>\n",
  ].join("\n");
}

const STYLE = `<style>
.box { stroke: #334155; stroke-width: 1.5 }
.gateway { fill: #dbeafe } .host { fill: #e0f2fe } .client { fill: #dcfce7 } .egress { fill: #fef3c7 }
.off { fill: #f1f5f9; stroke-dasharray: 4 }
.line { stroke: #334155; stroke-width: 1.5 } .cut { stroke: #94a3b8; stroke-dasharray: 4 }
</style>`;

function box({ x, y }: Placed, kind: string, [first = "", ...rest]: readonly string[]): string {
  const middle = x + BOX.width / 2;
  return [
    `<rect class="box ${kind}" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="8"/>`,
    `<text x="${middle}" y="${y + 20}" text-anchor="middle" font-weight="bold">${escape(first)}</text>`,
    ...rest.map(
      (text, n) =>
        `<text x="${middle}" y="${y + 38 + n * 17}" text-anchor="middle">${escape(text)}</text>`,
    ),
  ].join("\n");
}

/** From the right edge of one to the left edge of another, or down within a column. */
function line(from: Placed | undefined, to: Placed | undefined, stands: boolean): string {
  if (from === undefined || to === undefined) {
    return "";
  }
  const within = from.x === to.x;
  const [x1, y1] = within
    ? [from.x + BOX.width / 2, from.y + BOX.height]
    : [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = within ? [to.x + BOX.width / 2, to.y] : [to.x, to.y + BOX.height / 2];
  return `<line class="line${stands ? "" : " cut"}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

/** Names come from a server. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
