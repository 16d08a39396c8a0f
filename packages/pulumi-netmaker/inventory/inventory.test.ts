import { describe, expect, it } from "vitest";

import { inventorySvg } from "./diagram.ts";
import type { Inventory } from "./inventory.ts";
import { inventoryText } from "./table.ts";

const master = {
  name: "masternode",
  privateAddress: "10.101.0.1/16",
  publicAddress: "20.127.241.65",
  connectivity: "Connected",
  health: "Healthy",
  isGateway: true,
} as const;
const inventory: Inventory = {
  network: "netmaker",
  range: "10.101.0.0/16",
  hosts: [master],
  clients: [
    { name: "operator", address: "10.101.255.254", gateway: "masternode", enabled: true },
    { name: "raspberrypi", address: "10.101.255.253", gateway: "masternode", enabled: true },
  ],
  egresses: [{ name: "cloud", range: "10.10.0.0/16", via: "masternode", enabled: true }],
};

/** How often a text occurs in another. */
function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe("an inventory as text", () => {
  it("counts as the source's screen does (S0-24)", () => {
    expect(inventoryText(inventory)).toContain("Hosts 1  Clients 2  Egress 1");
  });

  it("has the columns of the source's screen (S0-28), aligned", () => {
    const lines = inventoryText(inventory).split("\n");
    const head = lines.findIndex((line) => line.startsWith("Host Name"));
    expect(lines[head]).toBe(
      "Host Name   Private Address (IPv4)  Public Address  Connectivity  Health Status",
    );
    expect(lines[head + 1]).toBe(
      "masternode  10.101.0.1/16           20.127.241.65   Connected     Healthy",
    );
  });

  it("tells a disabled member", () => {
    const [first] = inventory.clients;
    const off = { ...inventory, clients: first ? [{ ...first, enabled: false }] : [] };
    expect(inventoryText(off)).toMatch(/^operator +10\.101\.255\.254 +masternode +Disabled$/m);
  });
});

describe("an inventory as a diagram", () => {
  it("joins every client and egress to its host by one line", () => {
    const svg = inventorySvg(inventory);
    expect(count(svg, '<line class="line"')).toBe(3);
    expect(count(svg, '<rect class="box')).toBe(4);
  });

  it("draws a member whose gateway is gone without a line", () => {
    const lost = inventory.clients.map((client) => ({ ...client, gateway: "" }));
    expect(count(inventorySvg({ ...inventory, clients: lost }), "<line")).toBe(1);
  });

  it("draws what is switched off as cut", () => {
    const off = inventory.egresses.map((egress) => ({ ...egress, enabled: false }));
    expect(count(inventorySvg({ ...inventory, egresses: off }), "line cut")).toBe(1);
  });

  it("of an empty network is a picture all the same", () => {
    const svg = inventorySvg({ ...inventory, hosts: [], clients: [], egresses: [] });
    expect(svg).toContain("Hosts 0, Clients 0, Egress 0");
    expect(svg).not.toContain("NaN");
  });

  it("holds names as text, whatever a server calls its members", () => {
    const hosts = [{ ...master, name: '<script>"&' }];
    const svg = inventorySvg({ ...inventory, hosts });
    expect(svg).toContain("&lt;script>&quot;&amp; (gateway)");
    expect(svg).not.toContain("<script>");
  });
});
