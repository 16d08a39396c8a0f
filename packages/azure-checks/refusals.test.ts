import { describe, expect, it } from "vitest";

import { checkProgram, describeFinding } from "./check.ts";
import { FREE, PAID } from "./quota.ts";
import { address, nic, declared, fog, machine, set, SSH_RULE } from "./testing/declarations.ts";
import { ADDRESS, NIC, MACHINE, RULE, SUBNET } from "./world.ts";

type Fog = ReturnType<typeof fog>;
/** A wrong declaration: whose, what is changed to what, Azure's answer, and what that names. */
type Wrong = readonly [
  resource: string,
  path: string,
  value: unknown,
  code: string,
  /** Where the answer names something else than the top of `path`. */
  named?: string,
];

const KEYS = "osProfile.linuxConfiguration.ssh.publicKeys.0";
const IP = "ipConfigurations.0";
const RULE_0 = "securityRules.0";

const SHAPES: readonly Wrong[] = [
  ["vnet", "flowTimeout", 4, "InvalidRequestFormat"],
  ["vnet", "enableDdosProtection", "yes", "InvalidRequestFormat"],
  ["vnet", "subnetts", [], "InvalidRequestFormat"],
  ["vnet", "resourceGuid", "x", "ReadOnlyProperty"],
  ["vnet", "tags", ["fog"], "InvalidRequestFormat"],
  ["rules", `${RULE_0}.acces`, "Allow", "InvalidRequestFormat"],
  ["rules", `${RULE_0}.access`, "Permit", "InvalidRequestFormat"],
  ["rules", `${RULE_0}.protocol`, "Sctp", "InvalidRequestFormat"],
  ["rules", `${RULE_0}.priority`, "100", "InvalidRequestFormat"],
  ["WorkerNode-address", "sku.name", "Premium", "InvalidRequestFormat"],
  ["WorkerNode-address", "provisioningState", "Succeeded", "ReadOnlyProperty"],
  ["WorkerNode-card", `${IP}.privateIPAllocationMethod`, "Manual", "InvalidRequestFormat"],
  ["WorkerNode-card", "macAddress", "00:00", "ReadOnlyProperty"],
  ["WorkerNode", "hardwareProfile.size", "x", "InvalidRequestFormat"],
  ["WorkerNode", "storageProfile.osDisk.caching", "Sometimes", "InvalidRequestFormat"],
  ["WorkerNode", "storageProfile.osDisk.createOption", "Clone", "InvalidRequestFormat"],
  ["WorkerNode", "storageProfile.osDisk.diskSizeGB", "64", "InvalidRequestFormat"],
  ["WorkerNode", "vmId", "x", "ReadOnlyProperty"],
  ["group", "location", undefined, "LocationRequired"],
  ["WorkerNode", "vmName", undefined, "InvalidRequestFormat"],
  ["host-key", "autoUpgradeMinorVersion", "yes", "InvalidRequestFormat"],
  ["host-key", "source", "cat key", "InvalidRequestFormat"],
];

const NETWORKS: readonly Wrong[] = [
  ["vnet", "addressSpace", undefined, "InvalidParameter"],
  ["vnet", "addressSpace.addressPrefixes", ["10.10.0.1/16"], "InvalidCIDRNotation"],
  [
    "vnet",
    "addressSpace.addressPrefixes",
    ["10.10.0.0/16", "10.10.1.0/24"],
    "NetcfgInvalidVirtualNetworkSite",
  ],
  ["subnet", "addressPrefix", undefined, "InvalidParameter"],
  ["subnet", "addressPrefix", "10.10.1.0/33", "InvalidCIDRNotation"],
  ["subnet", "addressPrefix", "10.11.1.0/24", "NetcfgSubnetRangeOutsideVnet"],
  ["subnet", "addressPrefix", "10.0.0.0/8", "NetcfgSubnetRangeOutsideVnet"],
  ["subnet", "addressPrefix", "10.10.1.0/30", "NetcfgInvalidSubnet"],
  ["rules", `${RULE_0}.priority`, 99, "SecurityRuleInvalidPriority"],
  ["rules", `${RULE_0}.priority`, 4097, "SecurityRuleInvalidPriority"],
  ["rules", `${RULE_0}.priority`, 100.5, "SecurityRuleInvalidPriority"],
  ["rules", `${RULE_0}.direction`, undefined, "SecurityRuleParameterNotSpecified"],
  ["rules", `${RULE_0}.sourceAddressPrefixes`, undefined, "SecurityRuleParameterNotSpecified"],
  ["rules", `${RULE_0}.destinationPortRange`, undefined, "SecurityRuleParameterNotSpecified"],
  ["rules", `${RULE_0}.sourcePortRange`, "80-22", "SecurityRuleInvalidPortRange"],
  ["rules", `${RULE_0}.destinationPortRange`, "65536", "SecurityRuleInvalidPortRange"],
  [
    "rules",
    `${RULE_0}.destinationPortRanges`,
    ["*"],
    "SecurityRuleParameterContainsInvalidPortRanges",
  ],
  ["rules", `${RULE_0}.sourceAddressPrefixes.0`, "10.0.0.1/8", "SecurityRuleInvalidAddressPrefix"],
  [
    "rules",
    `${RULE_0}.sourceAddressPrefixes.0`,
    "Internet",
    "SecurityRuleParameterContainsUnsupportedValue",
  ],
  ["rules", `${RULE_0}.destinationAddressPrefix`, "Internett", "SecurityRuleInvalidAddressPrefix"],
  ["rules", `${RULE_0}.sourceAddressPrefix`, "*", "SecurityRuleInvalidAddressPrefix"],
  ["rules", `${RULE_0}.name`, "ssh from home", "InvalidResourceName"],
  ["WorkerNode-address", "sku", undefined, "IPv4BasicSkuPublicIpCountLimitReached"],
  ["WorkerNode-address", "sku.name", "Basic", "IPv4BasicSkuPublicIpCountLimitReached"],
  [
    "WorkerNode-address",
    "publicIPAllocationMethod",
    "Dynamic",
    "StandardSkuPublicIPAddressesMustBeStatic",
  ],
  [
    "WorkerNode-address",
    "publicIPAllocationMethod",
    undefined,
    "StandardSkuPublicIPAddressesMustBeStatic",
  ],
  ["WorkerNode-address", "idleTimeoutInMinutes", 31, "PublicIPAddressIdleTimeoutIsInvalid"],
  ["WorkerNode-address", "dnsSettings", { domainNameLabel: "-fog" }, "InvalidDomainNameLabel"],
  ["WorkerNode-card", "ipConfigurations", undefined, "InvalidParameter"],
  ["WorkerNode-card", `${IP}.subnet`, undefined, "MissingJsonReferenceId"],
  ["WorkerNode-card", `${IP}.privateIPAllocationMethod`, "Static", "PrivateIPAddressRequired"],
];

const MACHINES: readonly Wrong[] = [
  ["WorkerNode", "hardwareProfile", undefined, "InvalidParameter"],
  ["WorkerNode", "hardwareProfile.vmSize", "Standard_B2plx_v2", "InvalidParameter"],
  ["WorkerNode", "hardwareProfile.vmSize", "Standard_B2ls_v2", "BadRequest", "storageProfile"],
  ["WorkerNode", "storageProfile.imageReference.sku", "13-gen2", "BadRequest"],
  ["WorkerNode", "storageProfile.imageReference.version", undefined, "InvalidParameter"],
  ["WorkerNode", "storageProfile.imageReference", undefined, "InvalidParameter"],
  ["WorkerNode", "storageProfile.osDisk.diskSizeGB", 16, "OperationNotAllowed"],
  ["WorkerNode", "storageProfile.osDisk.name", "MasterNode-disk", "ConflictingUserInput"],
  ["WorkerNode", "storageProfile", undefined, "InvalidParameter"],
  ["WorkerNode", "networkProfile", undefined, "InvalidParameter"],
  ["WorkerNode", "osProfile", undefined, "InvalidParameter"],
  ["WorkerNode", "osProfile.computerName", "worker_node", "InvalidParameter"],
  ["WorkerNode", "osProfile.computerName", "w".repeat(65), "InvalidParameter"],
  ["WorkerNode", "osProfile.computerName", undefined, "InvalidParameter"],
  ["WorkerNode", "osProfile.adminUsername", "admin", "InvalidParameter"],
  ["WorkerNode", "osProfile.adminUsername", "Root", "InvalidParameter"],
  ["WorkerNode", "osProfile.adminUsername", "fog line", "InvalidParameter"],
  ["WorkerNode", "osProfile.adminUsername", "fogline.", "InvalidParameter"],
  ["WorkerNode", "osProfile.adminUsername", "-fogline", "InvalidParameter"],
  ["WorkerNode", "osProfile.linuxConfiguration.ssh", undefined, "InvalidParameter"],
  ["WorkerNode", "osProfile.linuxConfiguration", undefined, "InvalidParameter"],
  ["WorkerNode", "osProfile.adminPassword", "Fog1line!", "InvalidParameter"],
  ["WorkerNode", "osProfile.customData", "#cloud-config", "InvalidParameter"],
  ["WorkerNode", `${KEYS}.keyData`, "ecdsa-sha2-nistp256 AAAA", "InvalidParameter"],
  ["WorkerNode", `${KEYS}.keyData`, "ssh-rsa AAAAB3NzaC1yc2E", "InvalidParameter"],
  ["WorkerNode", `${KEYS}.path`, "/root/.ssh/authorized_keys", "InvalidParameter"],
  ["WorkerNode", "zones", ["4"], "AvailabilityZoneNotSupported"],
  ["WorkerNode", "zones", ["1", "2"], "InvalidParameter"],
  ["host-key", "publisher", undefined, "InvalidParameter"],
  ["host-key", "type", undefined, "InvalidParameter"],
  ["host-key", "typeHandlerVersion", undefined, "InvalidParameter"],
  ["host-key", "typeHandlerVersion", "2.1.19", "InvalidParameter"],
  ["host-key", "typeHandlerVersion", "1.5", "ArtifactNotFound"],
  ["host-key", "settings", undefined, "VMExtensionProvisioningError"],
  ["host-key", "settings.commandToExecute", undefined, "VMExtensionProvisioningError"],
  ["host-key", "settings.commandToExecute", ["cat"], "VMExtensionProvisioningError"],
  ["host-key", "settings.commandToRun", "cat key", "VMExtensionProvisioningError"],
  ["host-key", "settings.timestamp", "1", "VMExtensionProvisioningError"],
  ["host-key", "settings.script", "Y2F0IGtleQ==", "VMExtensionProvisioningError"],
  ["host-key", "settings", { script: "cat key" }, "VMExtensionProvisioningError"],
  ["host-key", "settings", { script: "A".repeat(262148) }, "VMExtensionProvisioningError"],
  [
    "host-key",
    "protectedSettings",
    { commandToExecute: "cat key" },
    "VMExtensionProvisioningError",
    "settings",
  ],
];

const NAMES: readonly Wrong[] = [
  ["group", "resourceGroupName", "CloudStep.", "InvalidResourceGroup"],
  ["group", "resourceGroupName", "Cloud Step", "InvalidResourceGroup"],
  ["group", "resourceGroupName", "c".repeat(91), "InvalidParameter"],
  ["group", "location", "eastus9", "LocationNotAvailableForResourceGroup"],
  ["vnet", "virtualNetworkName", "n", "InvalidResourceName"],
  ["vnet", "virtualNetworkName", "-fog", "InvalidResourceName"],
  ["vnet", "location", "Atlantis", "LocationNotAvailableForResourceType"],
  ["rules", "networkSecurityGroupName", "agents-", "InvalidResourceName"],
  ["WorkerNode", "vmName", "Worker_Node", "InvalidResourceName"],
  ["WorkerNode", "vmName", "w".repeat(65), "InvalidResourceName"],
  [
    "WorkerNode-address",
    "location",
    "West US",
    "InvalidResourceReference",
    "ipConfigurations[0].publicIPAddress",
  ],
  ["WorkerNode", "tags", { "a/b": "c" }, "InvalidTagNameCharacters"],
  ["WorkerNode", "tags", { a: "b".repeat(257) }, "InvalidTagValueLength"],
  [
    "WorkerNode",
    "tags",
    Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`t${n}`, ""])),
    "InvalidTagsCount",
  ],
];

const TABLE: readonly Wrong[] = [...SHAPES, ...NETWORKS, ...MACHINES, ...NAMES];

function refused(change: (fog: Fog) => void): string[] {
  const resources = fog();
  change(resources);
  return checkProgram(declared(resources), PAID).map(
    ({ resource, path, code }) => `${resource} ${path} ${code}`,
  );
}

describe("a right declaration", () => {
  it("is refused nowhere", () => {
    expect(checkProgram(declared(fog()), PAID).map(describeFinding)).toEqual([]);
  });

  it.each([
    ["WorkerNode", "location", undefined],
    ["WorkerNode", "osProfile.computerName", "worker.fog"],
    ["WorkerNode", "hardwareProfile.vmSize", "standard_b2PLS_v2"],
    ["WorkerNode", "zones", ["3"]],
    ["WorkerNode", "tags", { fog: "line" }],
    ["WorkerNode", "storageProfile.osDisk.diskSizeGB", 64],
    ["host-key", "type", "customscript"],
    ["host-key", "settings", { script: "Y2F0IGtleQ==", timestamp: 1, skipDos2Unix: true }],
    ["WorkerNode-card", "enableAcceleratedNetworking", true],
    ["WorkerNode-address", "zones", ["1", "2", "3"]],
    ["rules", "securityRules.0.protocol", "tcp"],
    ["rules", "securityRules.0.destinationAddressPrefix", "VirtualNetwork"],
    ["rules", "securityRules.0.destinationAddressPrefix", "Storage.EastUS"],
    ["rules", "securityRules.0.priority", 4096],
    ["subnet", "addressPrefix", "10.10.0.0/16"],
    ["subnet", "addressPrefix", "10.10.1.0/29"],
  ])("stays right where %s has %s %o", (resource, path, value) => {
    expect(
      refused((all) => {
        set(all[resource]?.inputs ?? {}, path, value);
      }),
    ).toEqual([]);
  });
});

describe("a wrong declaration", () => {
  it("is known in more than 80 ways", () => {
    expect(TABLE.length).toBeGreaterThan(80);
  });

  const cases = TABLE.map(([resource, path, value, code, named]) => ({
    resource,
    path,
    value,
    code,
    where: named ?? path.split(".")[0] ?? "",
  }));
  it.each(cases)("of $resource with another $path is refused: $code", (row) => {
    const { resource, path, value, code, where } = row;
    const all = refused((resources) => {
      set(resources[resource]?.inputs ?? {}, path, value);
    });
    expect(all.filter((line) => line.endsWith(` ${code}`)).join("\n")).toContain(` ${where}`);
  });
});

describe("declarations that do not fit each other", () => {
  const codes = (change: (fog: Fog) => void): string[] =>
    refused(change).map((line) => line.split(" ").at(-1) ?? "");

  it("share a range, an address, a NIC or a disk", () => {
    expect(
      codes((all) => {
        const inputs = {
          ...all["subnet"]?.inputs,
          subnetName: "b",
          addressPrefix: "10.10.1.128/25",
        };
        all["b"] = { type: SUBNET, inputs };
      }),
    ).toEqual(["NetcfgSubnetRangesOverlap", "NetcfgSubnetRangesOverlap"]);
    expect(
      codes((all) => {
        all["c"] = { type: NIC, inputs: nic("c", "WorkerNode-address") };
      }),
    ).toEqual(["PublicIPAddressInUse", "PublicIPAddressInUse"]);
    expect(
      codes((all) => {
        all["m"] = { type: MACHINE, inputs: machine("m", "WorkerNode-card") };
      }),
    ).toEqual(["NicInUse", "NicInUse"]);
  });

  it("have rules of one priority or one name", () => {
    const second = (rule: object) => (all: Fog) => {
      set(all["rules"]?.inputs ?? {}, "securityRules", [SSH_RULE, { ...SSH_RULE, ...rule }]);
    };
    expect(codes(second({ name: "b" }))).toEqual(["SecurityRuleConflict"]);
    expect(codes(second({ name: "SSH", priority: 101 }))).toEqual(["DuplicateResourceName"]);
    expect(codes(second({ name: "b", direction: "Outbound" }))).toEqual([]);
    expect(
      codes((all) => {
        const own = { resourceGroupName: "CloudStep", networkSecurityGroupName: "agents" };
        all["r"] = {
          type: RULE,
          inputs: { ...own, securityRuleName: "r", ...SSH_RULE, name: "r" },
        };
      }),
    ).toEqual(["SecurityRuleConflict", "SecurityRuleConflict"]);
  });

  it.each([
    ["10.10.1.0", "PrivateIPAddressInReservedRange"],
    ["10.10.1.3", "PrivateIPAddressInReservedRange"],
    ["10.10.1.255", "PrivateIPAddressInReservedRange"],
    ["10.10.2.4", "PrivateIPAddressNotInSubnet"],
  ])("choose the address %s: %s", (privateIPAddress, code) => {
    const choose = (all: Fog, name: string, ip: string): void => {
      set(all[name]?.inputs ?? {}, `${IP}.privateIPAllocationMethod`, "Static");
      set(all[name]?.inputs ?? {}, `${IP}.privateIPAddress`, ip);
    };
    expect(
      codes((all) => {
        choose(all, "WorkerNode-card", privateIPAddress);
      }),
    ).toEqual([code]);
    expect(
      codes((all) => {
        choose(all, "WorkerNode-card", "10.10.1.4");
        choose(all, "MasterNode-card", "10.10.1.4");
      }),
    ).toEqual(["PrivateIPAddressIsAllocated", "PrivateIPAddressIsAllocated"]);
  });

  it("fill a subnet beyond the addresses that Azure leaves", () => {
    expect(
      codes((all) => {
        set(all["subnet"]?.inputs ?? {}, "addressPrefix", "10.10.1.0/29");
        for (const name of ["a", "b"]) {
          all[`${name}-ip`] = { type: ADDRESS, inputs: address(`${name}-ip`) };
          all[name] = { type: NIC, inputs: nic(name, `${name}-ip`) };
        }
      }),
    ).toContain("SubnetIsFull");
  });

  it("want more cores than the subscription has", () => {
    const resources = fog();
    expect(checkProgram(declared(resources), FREE)).toEqual([]);
    resources["third"] = { type: MACHINE, inputs: machine("third", "third-card") };
    expect(checkProgram(declared(resources), FREE)).toMatchObject([
      {
        resource: "third",
        code: "OperationNotAllowed",
        message: expect.stringMatching(
          /exceeding approved standardBpsv2Family Cores quota.*Current Limit: 4, Current Usage: 4, Additional Required: 2, \(Minimum\) New Limit Required: 6/,
        ) as string,
      },
    ]);
  });

  it("want accelerated networking on a size without", () => {
    expect(
      codes((all) => {
        set(all["WorkerNode-card"]?.inputs ?? {}, "enableAcceleratedNetworking", true);
        set(all["WorkerNode"]?.inputs ?? {}, "hardwareProfile.vmSize", "Standard_B2s");
        set(all["WorkerNode"]?.inputs ?? {}, "storageProfile.imageReference.sku", "13-gen2");
      }),
    ).toEqual(["VMSizeIsNotPermittedToEnableAcceleratedNetworking"]);
  });

  it("want zones where the region has none, or two resources of one id", () => {
    expect(
      codes((all) => {
        for (const { inputs } of Object.values(all)) {
          inputs["location"] = inputs["location"] === undefined ? undefined : "West US";
        }
        set(all["WorkerNode"]?.inputs ?? {}, "zones", ["1"]);
      }),
    ).toEqual(["ResourceTypeNotSupportAvailabilityZones"]);
    expect(
      codes((all) => {
        all["again"] = { type: ADDRESS, inputs: address("WorkerNode-address") };
      }),
    ).toEqual(["ResourceExists"]);
  });

  it("are of a type that nothing was published of", () => {
    const type = "azure-native:storage:StorageAccount";
    expect(checkProgram([{ type, name: "s", inputs: {} }])).toMatchObject([
      { resource: "s", code: "ModelNotPublished" },
    ]);
  });
});
