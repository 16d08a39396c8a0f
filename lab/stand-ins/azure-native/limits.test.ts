import { ADDRESS, GROUP, MACHINE, RULES, SUBNET, VNET } from "@fogline/azure-checks/world";
import { beforeEach, describe, expect, it } from "vitest";

import { checkInputs } from "./contract.ts";
import { INPUTS, SSH_RULE, TestCloud } from "./testing/cloud.ts";

const reasons = (type: string, inputs: object): string =>
  checkInputs(type, inputs as Record<string, unknown>)
    .map(({ property, reason }) => `${property}: ${reason}`)
    .join("\n");

describe("subnets", () => {
  let test: TestCloud;

  beforeEach(async () => {
    test = new TestCloud();
    await test.create(GROUP, INPUTS.group);
    await test.create(VNET, INPUTS.vnet);
    await test.create(SUBNET, { ...INPUTS.subnet, subnetName: "a", addressPrefix: "10.10.2.0/24" });
  });

  it.each([
    ["10.11.0.0/24", "NetcfgSubnetRangeOutsideVnet"],
    ["10.0.0.0/8", "NetcfgSubnetRangeOutsideVnet"],
    ["10.10.1.4/24", "InvalidCIDRNotation"],
    ["10.10.1.0/30", "NetcfgInvalidSubnet"],
    ["10.10.2.0/25", "NetcfgSubnetRangesOverlap"],
  ])("%s is refused as %s", async (addressPrefix, code) => {
    await expect(test.create(SUBNET, { ...INPUTS.subnet, addressPrefix })).rejects.toThrow(code);
    expect(test.cloud.ofType(SUBNET)).toHaveLength(1);
  });

  it("go down to /29", async () => {
    await test.create(SUBNET, { ...INPUTS.subnet, addressPrefix: "10.10.1.0/29" });
    await test.create(SUBNET, {
      ...INPUTS.subnet,
      subnetName: "b",
      addressPrefix: "10.10.1.8/29",
    });
  });

  it("lie in a network that is a range and apart from others", async () => {
    const other = (addressPrefixes: string[]): Promise<unknown> =>
      test.create(VNET, {
        ...INPUTS.vnet,
        virtualNetworkName: "other",
        addressSpace: { addressPrefixes },
      });
    await expect(other(["10.0.0.1/8"])).rejects.toThrow("InvalidCIDRNotation");
    await expect(other(["10.0.0.0/8"])).rejects.toThrow("does not support overlapping");
    await other(["10.20.0.0/16"]);
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
    ["everyone in a list", { ...noSource, sourceAddressPrefixes: ["*"] }, "UnsupportedValue"],
    ["a service tag", { ...SSH_RULE, sourceAddressPrefix: "Storage" }, "not support source Stor"],
    ["no such tag", { ...SSH_RULE, sourceAddressPrefix: "Strage" }, "InvalidAddressPrefix"],
    ["host bits", { ...SSH_RULE, sourceAddressPrefix: "10.0.0.1/8" }, "InvalidAddressPrefix"],
    ["port 65536", { ...SSH_RULE, destinationPortRange: "65536" }, "InvalidPortRange"],
    ["ports reversed", { ...SSH_RULE, destinationPortRange: "90-80" }, "InvalidPortRange"],
    ["a rule outward", { ...SSH_RULE, direction: "Outbound" }, "does not support direction"],
    ["a target", { ...SSH_RULE, destinationAddressPrefix: "10.0.0.4" }, "does not support dest"],
    ["another protocol", { ...SSH_RULE, protocol: "Esp" }, "does not support protocol Esp"],
  ])("%s is refused", (_, rule, reason) => {
    expect(reasons(RULES, { ...INPUTS.rules, securityRules: [rule] })).toContain(reason);
  });

  it("are unique by priority and by name", () => {
    const two = (rule: object): string =>
      reasons(RULES, { ...INPUTS.rules, securityRules: [SSH_RULE, { ...SSH_RULE, ...rule }] });
    expect(two({ name: "b" })).toContain("SecurityRuleConflict");
    expect(two({ name: "SSH", priority: 101 })).toContain("DuplicateResourceName");
  });

  it("may be the first and the last, with many sources and ports", () => {
    const many = {
      ...noSource,
      sourceAddressPrefixes: ["198.51.100.2", "10.0.0.0/8"],
      destinationPortRange: undefined,
      destinationPortRanges: ["80", "8000-8080"],
    };
    const rules = [SSH_RULE, { ...many, name: "last", priority: 4096 }];
    expect(reasons(RULES, { ...INPUTS.rules, securityRules: rules })).toBe("");
  });
});

describe("addresses and machines", () => {
  it("an address is standard and static", () => {
    const address = INPUTS.address("a");
    expect(reasons(ADDRESS, { ...address, publicIPAllocationMethod: "Dynamic" })).toContain(
      "StandardSkuPublicIPAddressesMustBeStatic",
    );
    expect(reasons(ADDRESS, { ...address, sku: { name: "Basic" } })).toContain("IPv4BasicSku");
    expect(reasons(ADDRESS, { ...address, publicIPAddressVersion: "IPv6" })).toContain(
      "does not support publicIPAddressVersion IPv6",
    );
  });

  const { osProfile, networkProfile } = INPUTS.machine("a", "n");
  const [nic] = networkProfile.networkInterfaces;
  const linux = osProfile.linuxConfiguration;
  it.each<[object, string]>([
    [{ hardwareProfile: { vmSize: "Standard_Z1" } }, "provided for the VM size is not valid"],
    [{ osProfile: { ...osProfile, adminUsername: "root" } }, "disallowed"],
    [{ osProfile: { ...osProfile, adminUsername: "a b" } }, "Admin Username"],
    [{ osProfile: { ...osProfile, adminUsername: "Fog" } }, "does not support adminUsername Fog"],
    [{ vmName: "a.b" }, "does not support vmName a.b"],
    [{ osProfile: { computerName: "a", adminUsername: "fog" } }, "one SSH key"],
    [
      {
        osProfile: {
          ...osProfile,
          linuxConfiguration: {
            ...linux,
            ssh: { publicKeys: [...linux.ssh.publicKeys, ...linux.ssh.publicKeys] },
          },
        },
      },
      "one SSH key",
    ],
    [
      { networkProfile: { networkInterfaces: [nic, { ...nic, primary: false }] } },
      "more than one NIC",
    ],
    [
      { osProfile: { ...osProfile, customData: "IyEvYmluL3No" } },
      "does not support osProfile.customData",
    ],
  ])("a machine with %o is refused", (part, reason) => {
    expect(reasons(MACHINE, { ...INPUTS.machine("a", "n"), ...part })).toContain(reason);
  });

  it("a machine may have disks, zones and accelerated networking that the lab has not", () => {
    const machine = INPUTS.machine("a", "n");
    const osDisk = { createOption: "FromImage", diskSizeGB: 64, caching: "ReadWrite" };
    expect(
      reasons(MACHINE, {
        ...machine,
        zones: ["1"],
        tags: { project: "fogline" },
        storageProfile: { ...machine.storageProfile, osDisk },
      }),
    ).toBe("");
  });
});
