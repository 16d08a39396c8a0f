/** An external client's configuration as the server writes it, made fit for our scripts: pure. */
import { RunError } from "@pulumi/pulumi";

import { PRIVATE_KEY } from "../wireguard/conf.ts";

/** Lines that members need; whatever else the server writes is left out. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  "[Interface]": ["Address", "PrivateKey", "MTU"],
  "[Peer]": ["PublicKey", "AllowedIPs", "Endpoint", "PersistentKeepalive"],
};

/** Without them there is no tunnel. */
const NEEDED = ["Address", "PrivateKey", "PublicKey", "AllowedIPs", "Endpoint"];

/** Ranges that take a computer's whole traffic: all addresses, or either half of them. */
const EVERYTHING = /^(0\.0\.0\.0|128\.0\.0\.0)\/[01]$/;

/**
 * The server's file for wg-quick with a mark where the device puts its own private key, which the
 * server does not know. Of its lines those stay that make the tunnel: a server that manages names, as one
 * with official defaults does, names the gateway as name server, for which wg-quick needs a program that
 * few machines have; and commands that somebody gave the server would run as root. The overlay has IPv4
 * addresses alone, which is all that a device needs to have.
 *
 * @throws RunError when a line is missing, or all traffic would go through the hub
 */
export function clientConf(file: string): string {
  const lines: string[] = [];
  const found = new Set<string>();
  let section = "";
  for (const text of file.split(/\r?\n/).map((line) => line.trim())) {
    if (text in KEPT) {
      section = text;
      lines.push(...(lines.length > 0 ? [""] : []), text);
      continue;
    }
    const [, key = "", value = ""] = /^(\w+)\s*=\s*(.*)$/.exec(text) ?? [];
    const kept = KEPT[section]?.includes(key) === true ? valueOf(key, value) : "";
    if (kept !== "") {
      found.add(key);
      lines.push(`${key} = ${kept}`);
    }
  }
  const missing = NEEDED.filter((key) => !found.has(key));
  if (missing.length > 0) {
    throw new RunError(
      `the Netmaker server's configuration of a client has no ${missing.join(", no ")}: ` +
        "look at the client and its gateway on the server, then run up again",
    );
  }
  return `${lines.join("\n")}\n`;
}

function valueOf(key: string, value: string): string {
  switch (key) {
    case "PrivateKey":
      return PRIVATE_KEY;
    case "Address":
      return ipv4(value).join(", ");
    case "AllowedIPs":
      return allowed(ipv4(value)).join(", ");
    default:
      return value;
  }
}

function ipv4(ranges: string): string[] {
  return ranges
    .split(",")
    .map((range) => range.trim())
    .filter((range) => range !== "" && !range.includes(":"));
}

function allowed(ranges: readonly string[]): readonly string[] {
  const all = ranges.filter((range) => EVERYTHING.test(range));
  if (all.length > 0) {
    throw new RunError(
      `the Netmaker server would lead a client's whole traffic through the hub (AllowedIPs ${all.join(", ")}): ` +
        "its gateway was made one to the internet; make it a plain gateway again, then run up",
    );
  }
  return ranges;
}
