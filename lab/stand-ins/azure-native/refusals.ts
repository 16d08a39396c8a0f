/** What Azure refuses, with its codes and in its words. */
import ipaddr from "ipaddr.js";

import { addressInside, parseCidr, rangesOverlap } from "../../../config/cidr.ts";
import type { AddressInputs, MachineInputs, RulesInputs, SecurityRule } from "./shapes.ts";
import { ADDRESS, CARD, nameOf, RULES } from "./types.ts";

/** Sizes that the lab offers: virtual processors and memory, from Azure's own size pages. */
export const SIZES: Readonly<Record<string, { cpus: number; memoryMiB: number }>> = {
  Standard_B1s: { cpus: 1, memoryMiB: 1024 },
  Standard_B2s: { cpus: 2, memoryMiB: 4096 },
  Standard_B2ats_v2: { cpus: 2, memoryMiB: 1024 },
  Standard_B2pls_v2: { cpus: 2, memoryMiB: 4096 },
  Standard_B2ps_v2: { cpus: 2, memoryMiB: 8192 },
  Standard_B2pts_v2: { cpus: 2, memoryMiB: 1024 },
};

const RESERVED = new Set(
  (
    "administrator admin user user1 test user2 test1 user3 admin1 1 123 a actuser adm admin2 aspnet " +
    "backup console david guest john owner root server sql support support_388945a0 sys test2 test3 " +
    "user4 user5"
  ).split(" "),
);

const TAGS = ["*", "Internet", "VirtualNetwork"];

/** An error as the Azure SDK shows it. */
export class AzureError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`Code="${code}" Message="${message}"`);
    this.name = "AzureError";
  }
}

/** Why a resource cannot go: another one, not about to go with it, needs it. */
export function inUse(type: string, id: string, user: string): AzureError {
  switch (type) {
    case ADDRESS:
      return new AzureError(
        "PublicIPAddressCannotBeDeleted",
        `Public IP address ${id} can not be deleted since it is still allocated to resource ${user}.`,
      );
    case CARD:
      return new AzureError(
        "NicInUse",
        `Network Interface ${id} is used by existing resource ${user}. In order to delete the network interface, it must be dissociated from the resource.`,
      );
    case RULES:
      return new AzureError(
        "InUseNetworkSecurityGroupCannotBeDeleted",
        `Network security group ${id} cannot be deleted because it is in use by the following resources: ${user}.`,
      );
    default:
      return new AzureError(
        "InUseSubnetCannotBeDeleted",
        `Subnet ${nameOf(id)} is in use by ${user} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet.`,
      );
  }
}

/** Ranges of a network are ranges, and do not meet those of another: the fabric is one. */
export function checkVnet(
  name: string,
  prefixes: readonly string[],
  others: readonly string[],
): void {
  for (const prefix of prefixes) {
    if (parseCidr(prefix) === undefined) {
      throw new AzureError(
        "InvalidCIDRNotation",
        `The address prefix ${prefix} in resource ${name} has an invalid CIDR notation.`,
      );
    }
    const met = others.find((other) => rangesOverlap(other, prefix));
    if (met !== undefined) {
      throw new Error(
        `the lab's stand-in for Azure does not support overlapping networks: ${prefix} of ${name} meets ${met}`,
      );
    }
  }
}

/**
 * A subnet lies inside its network, beside the other subnets, and leaves room beside the five
 * addresses that Azure keeps.
 */
export function checkSubnet(
  name: string,
  prefix: string,
  networks: readonly string[],
  siblings: readonly string[] = [],
): void {
  const subnet = parseCidr(prefix);
  const inside = networks.some(
    (network) =>
      subnet !== undefined &&
      subnet.bits >= (parseCidr(network)?.bits ?? 33) &&
      addressInside(subnet.address, network),
  );
  if (subnet === undefined || !inside) {
    throw new AzureError(
      "NetcfgSubnetRangeOutsideVnet",
      `Subnet '${name}' is not valid because its IP address range is outside the IP address range of its virtual network.`,
    );
  }
  if (subnet.bits > 29) {
    throw new AzureError(
      "NetcfgSubnetRangeTooSmall",
      `Subnet '${name}' is not valid: the smallest supported subnet is /29, as Azure reserves five addresses.`,
    );
  }
  const met = siblings.find((sibling) => rangesOverlap(sibling, prefix));
  if (met !== undefined) {
    throw new AzureError(
      "NetcfgSubnetRangesOverlap",
      `Subnet '${name}' is not valid because its IP address range overlaps with that of an existing subnet: ${met}.`,
    );
  }
}

/** A rule's sources as given: ranges and addresses, or one of `*`, `Internet`, `VirtualNetwork`. */
export function sourcesOf(rule: SecurityRule): readonly string[] {
  const one = rule.sourceAddressPrefix;
  return one === undefined ? (rule.sourceAddressPrefixes ?? []) : [one];
}

/** A rule's ports as given: numbers and ranges, or `*`. */
export function portsOf(rule: SecurityRule): readonly string[] {
  const one = rule.destinationPortRange;
  return one === undefined ? (rule.destinationPortRanges ?? []) : [one];
}

/** Names and priorities are unique, priorities lie between 100 and 4096, every part is said. */
export function checkRules({ securityRules = [] }: RulesInputs): void {
  const names = new Set<string>();
  const seen = new Map<number, string>();
  for (const rule of securityRules) {
    const { name, priority } = rule;
    refuseRule(rule);
    if (!Number.isInteger(priority) || priority < 100 || priority > 4096) {
      throw new AzureError(
        "SecurityRuleInvalidPriority",
        `Security rule ${name} has invalid Priority. Value provided: ${priority} Allowed range 100-4096.`,
      );
    }
    const earlier = seen.get(priority);
    if (earlier !== undefined) {
      throw new AzureError(
        "SecurityRuleConflict",
        `Security rule ${name} conflicts with rule ${earlier}. Rules cannot have the same Priority and Direction.`,
      );
    }
    if (names.has(name.toLowerCase())) {
      throw new AzureError("DuplicateResourceName", `Rules have the same name: ${name}.`);
    }
    seen.set(priority, name);
    names.add(name.toLowerCase());
    checkParts(rule);
  }
}

/** Standard addresses are static; the lab has no other kind. */
export function checkAddress({ sku, publicIPAllocationMethod }: AddressInputs): void {
  if (sku?.name === "Standard" && publicIPAllocationMethod !== "Static") {
    throw new AzureError(
      "StandardSkuPublicIPAddressesMustBeStatic",
      "Standard sku publicIp must have AllocationMethod set to Static.",
    );
  }
  if (sku?.name !== "Standard") {
    throw new AzureError(
      "IPv4BasicSkuPublicIpCountLimitReached",
      "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.",
    );
  }
}

/** Size, administrator and key of a machine. */
export function checkMachine({ hardwareProfile, osProfile }: MachineInputs): void {
  if (SIZES[hardwareProfile.vmSize] === undefined) {
    throw new AzureError(
      "InvalidParameter",
      `The value ${hardwareProfile.vmSize} provided for the VM size is not valid. The valid sizes in the current region are: ${Object.keys(SIZES).join(",")}.`,
    );
  }
  if (RESERVED.has(osProfile.adminUsername.toLowerCase())) {
    throw new AzureError(
      "InvalidParameter",
      "The Admin Username specified is not allowed. For more information about disallowed usernames, see https://aka.ms/vmosprofile",
    );
  }
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(osProfile.adminUsername)) {
    throw new AzureError("InvalidParameter", "The value of parameter adminUsername is invalid.");
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/i.test(osProfile.computerName)) {
    throw new AzureError("InvalidParameter", "The value of parameter computerName is invalid.");
  }
  const { disablePasswordAuthentication, ssh } = osProfile.linuxConfiguration ?? {};
  if (disablePasswordAuthentication !== true || ssh?.publicKeys?.length !== 1) {
    throw new Error(
      "the lab's stand-in for Azure supports machines with exactly one SSH key and disablePasswordAuthentication alone",
    );
  }
}

/** What Azure knows and the fabric does not. */
function refuseRule({
  name,
  direction,
  sourcePortRange,
  destinationAddressPrefix,
}: SecurityRule): void {
  const refused = [
    ...(direction === "Inbound" ? [] : [`direction ${direction}`]),
    ...(sourcePortRange === "*" ? [] : [`sourcePortRange ${sourcePortRange ?? "(none)"}`]),
    ...(destinationAddressPrefix === "*"
      ? []
      : [`destinationAddressPrefix ${destinationAddressPrefix ?? "(none)"}`]),
  ];
  if (refused.length > 0) {
    throw new Error(
      `the lab's stand-in for Azure does not support ${refused.join(", ")} (security rule ${name})`,
    );
  }
}

function checkParts(rule: SecurityRule): void {
  const { name, access, protocol, sourceAddressPrefix, sourceAddressPrefixes = [] } = rule;
  if (!["Allow", "Deny"].includes(access) || !["Tcp", "Udp", "Icmp", "*"].includes(protocol)) {
    throw new AzureError(
      "InvalidRequestFormat",
      `Security rule ${name} has access ${access} and protocol ${protocol}; allowed are Allow, Deny and Tcp, Udp, Icmp, *.`,
    );
  }
  const missing = [
    ...(sourcesOf(rule).length > 0 ? [] : ["SourceAddressPrefixes or SourceAddressPrefix"]),
    ...(portsOf(rule).length > 0 ? [] : ["DestinationPortRanges or DestinationPortRange"]),
  ];
  if (missing.length > 0) {
    throw new AzureError(
      "SecurityRuleParameterNotSpecified",
      `Required security rule parameters are missing for security rule ${name}. Security rule must specify ${missing.join(", ")}.`,
    );
  }
  const both = sourceAddressPrefix !== undefined && sourceAddressPrefixes.length > 0;
  const tagInList = sourceAddressPrefixes.find((prefix) => TAGS.includes(prefix));
  const odd = sourcesOf(rule).find((prefix) => !TAGS.includes(prefix) && !isRange(prefix));
  const wrong = both ? sourceAddressPrefix : (tagInList ?? odd);
  if (wrong !== undefined) {
    throw new AzureError(
      "SecurityRuleInvalidAddressPrefix",
      `Security rule ${name} has invalid Address prefix. Value provided: ${wrong}`,
    );
  }
  const port = portsOf(rule).find((range) => !isPorts(range, portsOf(rule).length === 1));
  if (port !== undefined) {
    throw new AzureError(
      "SecurityRuleInvalidPortRange",
      `Security rule ${name} has invalid Port range. Value provided: ${port}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.`,
    );
  }
}

function isRange(prefix: string): boolean {
  return parseCidr(prefix) !== undefined || ipaddr.IPv4.isValidFourPartDecimal(prefix);
}

function isPorts(range: string, alone: boolean): boolean {
  const [low = "", high = low, ...more] = range.split("-");
  const ports = [low, high].map((port) => (/^\d{1,5}$/.test(port) ? Number(port) : 65_536));
  const [from = 65_536, to = 0] = ports;
  return (range === "*" && alone) || (more.length === 0 && from <= to && to <= 65_535);
}
