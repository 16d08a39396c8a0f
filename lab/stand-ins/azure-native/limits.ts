/** What Azure has and the lab has not: refused by name before anything is made. */
import { parseCidr } from "@fogline/azure-checks/cidr";
import { at, listAt, textAt, textsAt, type Inputs } from "@fogline/azure-checks/values";
import { ADDRESS, EXTENSION, NIC, MACHINE, ROUTE, RULES } from "@fogline/azure-checks/world";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import type { Problem } from "@fogline/pulumi-kit/values";
import ipaddr from "ipaddr.js";

/** Tags that the fabric knows for a rule's source. */
const TAGS = ["*", "internet", "virtualnetwork"];
/** Users that Debian's `useradd` makes. */
const USER = /^[a-z_][a-z0-9_.-]{0,31}$/;
const PROTOCOLS = ["tcp", "udp", "icmp", "*"];

/** Values that the lab does not support; those not known yet pass. */
export function limitsOf(type: string, inputs: Inputs): Problem[] {
  switch (type) {
    case RULES:
      return listAt(inputs, "securityRules").flatMap((rule, n) =>
        limitsOfRule(rule, `securityRules[${n}]`),
      );
    case ADDRESS:
      return only(inputs, "", "publicIPAddressVersion", ["ipv4"]);
    case NIC:
      return limitsOfNic(inputs);
    case ROUTE:
      return only(inputs, "", "nextHopType", ["virtualappliance"]);
    case MACHINE:
      return limitsOfMachine(inputs);
    case EXTENSION:
      return [
        ...only(inputs, "", "publisher", ["microsoft.azure.extensions"]),
        ...only(inputs, "", "type", ["customscript"]),
      ];
    default:
      return [];
  }
}

function limitsOfRule(rule: unknown, path: string): Problem[] {
  const sources = [
    ...optional(textAt(rule, "sourceAddressPrefix")),
    ...textsAt(rule, "sourceAddressPrefixes"),
  ];
  const odd = sources.filter((source) => !TAGS.includes(source.toLowerCase()) && !isRange(source));
  return [
    ...only(rule, path, "direction", ["inbound"]),
    ...only(rule, path, "protocol", PROTOCOLS),
    ...only(rule, path, "sourcePortRange", ["*"]),
    ...only(rule, path, "destinationAddressPrefix", ["*"]),
    ...odd.map((source) => problem(path, `source ${source}`)),
  ];
}

function limitsOfNic(inputs: Inputs): Problem[] {
  const all = listAt(inputs, "ipConfigurations");
  return [
    ...(all.length > 1 ? [problem("ipConfigurations", "more than one address of a NIC")] : []),
    ...all.flatMap((each, n) => [
      ...only(each, `ipConfigurations[${n}]`, "privateIPAllocationMethod", ["dynamic"]),
      ...only(each, `ipConfigurations[${n}]`, "privateIPAddressVersion", ["ipv4"]),
    ]),
  ];
}

function limitsOfMachine(inputs: Inputs): Problem[] {
  const linux = "osProfile.linuxConfiguration";
  const nics = listAt(inputs, "networkProfile.networkInterfaces");
  const keys = at(inputs, `${linux}.ssh.publicKeys`);
  const password = at(inputs, `${linux}.disablePasswordAuthentication`);
  const oneKey = keys === UNKNOWN || (Array.isArray(keys) && keys.length === 1);
  const [name, user] = [textAt(inputs, "vmName"), textAt(inputs, "osProfile.adminUsername")];
  return [
    ...(name === undefined || /^[A-Za-z0-9-]+$/.test(name)
      ? []
      : [problem("vmName", `vmName ${name}`)]),
    ...(user === undefined || USER.test(user)
      ? []
      : [problem("osProfile.adminUsername", `adminUsername ${user}`)]),
    ...(nics.length > 1
      ? [problem("networkProfile.networkInterfaces", "more than one NIC of a machine")]
      : []),
    ...(oneKey && (password === true || password === UNKNOWN)
      ? []
      : [problem(linux, "anything but exactly one SSH key and disablePasswordAuthentication")]),
  ];
}

/** A problem where a text is none of those supported; absent or not known yet is none. */
function only(value: unknown, path: string, key: string, supported: readonly string[]): Problem[] {
  const text = textAt(value, key);
  return text === undefined || supported.includes(text.toLowerCase())
    ? []
    : [problem(path === "" ? key : `${path}.${key}`, `${key} ${text}`)];
}

function problem(property: string, what: string): Problem {
  return { property, reason: `the lab's stand-in for Azure does not support ${what}` };
}

function optional(text: string | undefined): string[] {
  return text === undefined ? [] : [text];
}

function isRange(source: string): boolean {
  return parseCidr(source) !== undefined || ipaddr.IPv4.isValidFourPartDecimal(source);
}
