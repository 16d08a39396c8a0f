/** Rules of public addresses. */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

import type { Refusal } from "./refusal.ts";
import { at, numberAt, textAt } from "./values.ts";
import { ownName, type Resource } from "./world.ts";

const LABEL = /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/;

/**
 * Basic addresses were retired on 2025-09-30; they were the default. Standard ones are static,
 * unless they are IPv6.
 */
export function checkAddress(address: Resource): Refusal[] {
  const { inputs } = address;
  if (at(inputs, "sku") === UNKNOWN) {
    return [];
  }
  const sku = at(inputs, "sku.name") === UNKNOWN ? "standard" : textAt(inputs, "sku.name");
  const refusals: Refusal[] = [];
  if ((sku ?? "Basic").toLowerCase() === "basic") {
    refusals.push({
      path: "sku.name",
      code: "IPv4BasicSkuPublicIpCountLimitReached",
      message:
        "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.",
    });
  }
  const method = textAt(inputs, "publicIPAllocationMethod")?.toLowerCase() ?? "dynamic";
  const isStatic = method === "static" || at(inputs, "publicIPAllocationMethod") === UNKNOWN;
  const ipv6 = textAt(inputs, "publicIPAddressVersion")?.toLowerCase() === "ipv6";
  if (sku?.toLowerCase() === "standard" && !isStatic && !ipv6) {
    refusals.push({
      path: "publicIPAllocationMethod",
      code: "StandardSkuPublicIPAddressesMustBeStatic",
      message: `Standard sku publicIp ${ownName(address)} must have AllocationMethod set to Static.`,
    });
  }
  const idle = numberAt(inputs, "idleTimeoutInMinutes");
  if (idle !== undefined && (!Number.isInteger(idle) || idle < 4 || idle > 30)) {
    const message = `Idle timeout ${idle} of public IP address ${ownName(address)} is not valid. It is a whole number of minutes from 4 to 30.`;
    refusals.push({
      path: "idleTimeoutInMinutes",
      code: "PublicIPAddressIdleTimeoutIsInvalid",
      message,
    });
  }
  const label = textAt(inputs, "dnsSettings.domainNameLabel");
  if (label !== undefined && !LABEL.test(label)) {
    const message = `The domain name label ${label} is invalid. It must conform to the following regular expression: ${LABEL.source}.`;
    const path = "dnsSettings.domainNameLabel";
    refusals.push({ path, code: "InvalidDomainNameLabel", message });
  }
  return refusals;
}
