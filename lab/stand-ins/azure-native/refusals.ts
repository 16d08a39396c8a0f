/** What Azure refuses, with its codes and in its words. */
import { addressInside, parseCidr } from "../../../config/cidr.ts";
import type { AddressInputs, MachineInputs, RulesInputs } from "./shapes.ts";

/** Sizes that the lab offers: virtual processors and memory, from Azure's own size pages. */
export const SIZES: Readonly<Record<string, { cpus: number; memoryMiB: number }>> = {
  Standard_B1s: { cpus: 1, memoryMiB: 1024 },
  Standard_B2s: { cpus: 2, memoryMiB: 4096 },
  Standard_B2ats_v2: { cpus: 2, memoryMiB: 1024 },
  Standard_B2pls_v2: { cpus: 2, memoryMiB: 4096 },
  Standard_B2ps_v2: { cpus: 2, memoryMiB: 8192 },
  Standard_B2pts_v2: { cpus: 2, memoryMiB: 1024 },
};

const RESERVED = ["administrator", "admin", "user", "test", "guest", "root", "console", "actuser"];

/** An error as the Azure SDK shows it. */
export class AzureError extends Error {
  constructor(code: string, message: string) {
    super(`Code="${code}" Message="${message}"`);
    this.name = "AzureError";
  }
}

/** A subnet lies inside its network and leaves room beside the five addresses that Azure keeps. */
export function checkSubnet(name: string, prefix: string, networks: readonly string[]): void {
  const subnet = parseCidr(prefix);
  const inside = networks.some((network) => {
    const outer = parseCidr(network);
    return (
      subnet !== undefined &&
      outer !== undefined &&
      subnet.bits >= outer.bits &&
      addressInside(subnet.address, network)
    );
  });
  if (!inside) {
    throw new AzureError(
      "NetcfgSubnetRangeOutsideVnet",
      `Subnet '${name}' is not valid because its IP address range is outside the IP address range of its virtual network.`,
    );
  }
  if ((subnet?.bits ?? 32) > 29) {
    throw new AzureError(
      "NetcfgSubnetRangeTooSmall",
      `Subnet '${name}' is not valid: the smallest supported subnet is /29, as Azure reserves five addresses.`,
    );
  }
}

/** Priorities are unique in a direction and lie between 100 and 4096. */
export function checkRules({ securityRules = [] }: RulesInputs): void {
  const seen = new Map<string, string>();
  for (const { name, priority, direction } of securityRules) {
    if (priority < 100 || priority > 4096) {
      throw new AzureError(
        "SecurityRuleInvalidPriority",
        `Security rule ${name} has invalid Priority. Value provided: ${priority} Allowed range 100-4096.`,
      );
    }
    const earlier = seen.get(`${direction} ${priority}`);
    if (earlier !== undefined) {
      throw new AzureError(
        "SecurityRuleConflict",
        `Security rule ${name} conflicts with rule ${earlier}. Rules cannot have the same Priority and Direction.`,
      );
    }
    seen.set(`${direction} ${priority}`, name);
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
export function checkMachine({ vmName, hardwareProfile, osProfile }: MachineInputs): void {
  if (SIZES[hardwareProfile.vmSize] === undefined) {
    throw new AzureError(
      "InvalidParameter",
      `The value ${hardwareProfile.vmSize} provided for the VM size is not valid. The valid sizes in the current region are: ${Object.keys(SIZES).join(",")}.`,
    );
  }
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/.test(vmName)) {
    throw new AzureError("InvalidParameter", `The resource name ${vmName} is not valid.`);
  }
  if (RESERVED.includes(osProfile.adminUsername.toLowerCase())) {
    throw new AzureError(
      "InvalidParameter",
      "The Admin Username specified is not allowed. For more information about disallowed usernames, see https://aka.ms/vmosprofile",
    );
  }
  const { disablePasswordAuthentication, ssh } = osProfile.linuxConfiguration ?? {};
  if (disablePasswordAuthentication !== true || ssh?.publicKeys?.[0] === undefined) {
    throw new AzureError(
      "InvalidParameter",
      "Authentication using either SSH or by user name and password must be enabled in Linux profile; the lab enables SSH keys alone.",
    );
  }
}
