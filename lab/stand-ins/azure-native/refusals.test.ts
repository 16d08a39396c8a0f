import { describe, expect, it } from "vitest";

import { checkAddress, checkMachine, checkRules, checkSubnet, checkVnet } from "./refusals.ts";
import type { SecurityRule } from "./shapes.ts";
import { INPUTS, SSH_RULE } from "./testing.ts";

describe("subnets", () => {
  const NET = ["10.10.0.0/16"];
  it.each([
    ["10.11.0.0/24", "NetcfgSubnetRangeOutsideVnet"],
    ["10.0.0.0/8", "NetcfgSubnetRangeOutsideVnet"],
    ["10.10.1.4/24", "NetcfgSubnetRangeOutsideVnet"],
    ["10.10.1.0/30", "NetcfgSubnetRangeTooSmall"],
    ["10.10.2.0/25", "NetcfgSubnetRangesOverlap"],
  ])("%s is refused as %s", (prefix, code) => {
    expect(() => {
      checkSubnet("s", prefix, NET, ["10.10.2.0/24"]);
    }).toThrow(code);
  });

  it("fills the network to its edge and down to /29", () => {
    checkSubnet("s", "10.10.0.0/16", NET);
    checkSubnet("s", "10.10.1.0/29", NET, ["10.10.1.8/29"]);
  });

  it("lies in a network that is a range and apart from others", () => {
    expect(() => {
      checkVnet("n", ["10.0.0.1/8"], []);
    }).toThrow("InvalidCIDRNotation");
    expect(() => {
      checkVnet("n", ["10.10.0.0/16"], ["10.0.0.0/8"]);
    }).toThrow("does not support overlapping");
  });
});

describe("security rules", () => {
  const noSource = { ...SSH_RULE, sourceAddressPrefix: undefined };
  const noPort = { ...SSH_RULE, destinationPortRange: undefined };
  it.each<[string, object, string]>([
    ["priority 99", { ...SSH_RULE, priority: 99 }, "SecurityRuleInvalidPriority"],
    ["priority 4097", { ...SSH_RULE, priority: 4097 }, "SecurityRuleInvalidPriority"],
    ["no source", noSource, "SecurityRuleParameterNotSpecified"],
    ["no source left", { ...noSource, sourceAddressPrefixes: [] }, "ParameterNotSpecified"],
    ["no port", noPort, "SecurityRuleParameterNotSpecified"],
    ["everyone in a list", { ...noSource, sourceAddressPrefixes: ["*"] }, "InvalidAddressPrefix"],
    ["a service tag", { ...SSH_RULE, sourceAddressPrefix: "Storage" }, "InvalidAddressPrefix"],
    ["host bits", { ...SSH_RULE, sourceAddressPrefix: "10.0.0.1/8" }, "InvalidAddressPrefix"],
    ["port 65536", { ...SSH_RULE, destinationPortRange: "65536" }, "InvalidPortRange"],
    ["ports reversed", { ...SSH_RULE, destinationPortRange: "90-80" }, "InvalidPortRange"],
    ["a rule outward", { ...SSH_RULE, direction: "Outbound" }, "does not support direction"],
    ["a target", { ...SSH_RULE, destinationAddressPrefix: "10.0.0.4" }, "does not support dest"],
  ])("%s is refused", (_, rule, reason) => {
    expect(() => {
      checkRules({ securityRules: [rule as SecurityRule] });
    }).toThrow(reason);
  });

  it("are unique by priority and by name", () => {
    expect(() => {
      checkRules({ securityRules: [SSH_RULE, { ...SSH_RULE, name: "b" }] });
    }).toThrow("SecurityRuleConflict");
    expect(() => {
      checkRules({ securityRules: [SSH_RULE, { ...SSH_RULE, name: "SSH", priority: 101 }] });
    }).toThrow("DuplicateResourceName");
  });

  it("may be the first and the last, with many sources and ports", () => {
    const many = {
      ...noSource,
      sourceAddressPrefixes: ["198.51.100.2", "10.0.0.0/8"],
      destinationPortRange: undefined,
      destinationPortRanges: ["80", "8000-8080"],
    };
    const rules = [SSH_RULE, { ...many, name: "last", priority: 4096 }] as SecurityRule[];
    checkRules({ securityRules: rules });
  });
});

describe("addresses and machines", () => {
  it("an address is standard and static", () => {
    expect(() => {
      checkAddress({ sku: { name: "Standard" }, publicIPAllocationMethod: "Dynamic" });
    }).toThrow("StandardSkuPublicIPAddressesMustBeStatic");
    expect(() => {
      checkAddress({ sku: { name: "Basic" } });
    }).toThrow("IPv4BasicSku");
  });

  it.each([
    [{ hardwareProfile: { vmSize: "Standard_Z1" } }, "provided for the VM size is not valid"],
    [{ osProfile: { ...INPUTS.machine("a", "n").osProfile, adminUsername: "root" } }, "disallowed"],
    [{ osProfile: { ...INPUTS.machine("a", "n").osProfile, adminUsername: "a b" } }, "adminUser"],
    [{ osProfile: { computerName: "a", adminUsername: "fog" } }, "one SSH key"],
  ])("a machine with %o is refused", (part, reason) => {
    expect(() => {
      checkMachine({ ...INPUTS.machine("a", "n"), ...part });
    }).toThrow(reason);
  });
});
