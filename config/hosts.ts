/** Where an SSH server is reached: which addresses and names can be meant. Pure. */
import ipaddr from "ipaddr.js";

import { isDocumentation } from "./special-ranges.ts";

/** What is wrong with a host, and what to write instead. */
export interface HostProblem {
  readonly rule: string;
  readonly fix: string;
}

const ADDRESS = "write the device's IPv4 address, which a fixed lease in its router keeps";
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
/** Names that no DNS server answers (RFC 6761, RFC 7686). */
const NO_DNS = new Set(["localhost", "invalid", "test", "example", "onion"]);
/** Kinds of addresses, as ipaddr.js calls them, that no host is reached at. */
const NO_HOST: Readonly<Record<string, string>> = {
  unspecified: "stands for no host at all",
  broadcast: "stands for every host of a network",
  multicast: "stands for a group of hosts",
  reserved: "is reserved",
  linkLocal: "is an address that the device gave itself, and may be another one tomorrow",
};

/**
 * What is wrong with a host that this computer dials. The official command plugin asks DNS and
 * /etc/hosts alone: no mDNS, no NetBIOS, and no name that only a search list completes.
 */
export function dialledHostProblem(host: string): HostProblem | undefined {
  const address = addressProblem(host);
  if (address !== "none") {
    return address;
  }
  const labels = host.toLowerCase().replace(/\.$/, "").split(".");
  const last = labels.at(-1) ?? "";
  if (last === "local") {
    return { rule: `${host} is a name of mDNS, which no DNS server knows`, fix: ADDRESS };
  }
  if (labels.length === 1 || NO_DNS.has(last)) {
    return { rule: `${host} is no name that a DNS server answers`, fix: ADDRESS };
  }
  return undefined;
}

/**
 * What is wrong with a host that a jump host dials. That one asks its own resolver, which may know
 * mDNS and short names; its loopback is where a reverse tunnel ends.
 */
export function forwardedHostProblem(host: string): HostProblem | undefined {
  const address = addressProblem(host, { loopback: true });
  return address === "none" ? undefined : address;
}

/** What is wrong with an address; `none` for a well-formed name. */
function addressProblem(host: string, { loopback = false } = {}): HostProblem | undefined | "none" {
  if (ipaddr.IPv6.isValid(host.replaceAll(/[[\]]/g, ""))) {
    return { rule: "is an IPv6 address, which the program does not dial", fix: ADDRESS };
  }
  if (!/[^\d.]/.test(host)) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(host)) {
      return { rule: `${host} is no IPv4 address`, fix: "write it like 192.168.50.10" };
    }
    const [first] = host.split(".");
    const kind = first === "0" ? "unspecified" : ipaddr.IPv4.parse(host).range();
    if (kind === "loopback") {
      return loopback
        ? undefined
        : { rule: `${host} is this computer itself, not the device`, fix: ADDRESS };
    }
    // Whether documentation addresses are real depends on the stack (see placeholders.ts).
    const why = isDocumentation(host) ? undefined : NO_HOST[kind];
    return why === undefined ? undefined : { rule: `${host} ${why}`, fix: ADDRESS };
  }
  if (
    host.length > 253 ||
    !host
      .replace(/\.$/, "")
      .split(".")
      .every((label) => LABEL.test(label))
  ) {
    return {
      rule: "is neither an IPv4 address nor a host name: no user, port, URL or spaces belong here",
      fix: "write the address alone, like 192.168.50.10; user and port are settings of their own",
    };
  }
  return "none";
}
