/** The types that the stand-in knows: fields, names, what cannot be changed in place. */

/** One type's contract. */
export interface Type {
  /** Part of the id before the name, e.g. `Microsoft.Network/virtualNetworks`. */
  readonly path: (inputs: Inputs) => string;
  /** Inputs that are supported; others are refused by name. */
  readonly inputs: readonly string[];
  /** Inputs whose change makes a new resource, besides the names and the location. */
  readonly replaces: readonly string[];
  /** Azure's code and reason when it is deleted while in use. */
  readonly inUse: string;
}

export type Inputs = Readonly<Record<string, unknown>>;

export const GROUP = "azure-native:resources:ResourceGroup";
export const VNET = "azure-native:network:VirtualNetwork";
export const SUBNET = "azure-native:network:Subnet";
export const RULES = "azure-native:network:NetworkSecurityGroup";
export const ADDRESS = "azure-native:network:PublicIPAddress";
export const CARD = "azure-native:network:NetworkInterface";
export const MACHINE = "azure-native:compute:VirtualMachine";
export const RUN_COMMAND = "azure-native:compute:VirtualMachineRunCommandByVirtualMachine";

const COMMON = ["resourceGroupName", "location", "tags"];
const SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000";

export const TYPES: Readonly<Record<string, Type>> = {
  [GROUP]: {
    path: (inputs) => `${SUBSCRIPTION}/resourceGroups/${text(inputs, "resourceGroupName")}`,
    inputs: COMMON,
    replaces: [],
    inUse: "ResourceGroupBeingDeleted",
  },
  [VNET]: {
    path: (inputs) => network(inputs, "virtualNetworks", "virtualNetworkName"),
    inputs: [
      ...COMMON,
      "virtualNetworkName",
      "addressSpace",
      "enableDdosProtection",
      "enableVmProtection",
      "privateEndpointVNetPolicies",
    ],
    replaces: ["virtualNetworkName"],
    inUse: "InUseVirtualNetworkCannotBeDeleted",
  },
  [SUBNET]: {
    path: (inputs) =>
      `${network(inputs, "virtualNetworks", "virtualNetworkName")}/subnets/${text(inputs, "subnetName")}`,
    inputs: [
      ...COMMON,
      "virtualNetworkName",
      "subnetName",
      "addressPrefix",
      "privateEndpointNetworkPolicies",
      "privateLinkServiceNetworkPolicies",
    ],
    replaces: ["virtualNetworkName", "subnetName", "addressPrefix"],
    inUse: "InUseSubnetCannotBeDeleted",
  },
  [RULES]: {
    path: (inputs) => network(inputs, "networkSecurityGroups", "networkSecurityGroupName"),
    inputs: [...COMMON, "networkSecurityGroupName", "securityRules"],
    replaces: ["networkSecurityGroupName"],
    inUse: "InUseNetworkSecurityGroupCannotBeDeleted",
  },
  [ADDRESS]: {
    path: (inputs) => network(inputs, "publicIPAddresses", "publicIpAddressName"),
    inputs: [...COMMON, "publicIpAddressName", "publicIPAllocationMethod", "sku"],
    replaces: ["publicIpAddressName", "publicIPAllocationMethod", "sku"],
    inUse: "PublicIPAddressCannotBeDeleted",
  },
  [CARD]: {
    path: (inputs) => network(inputs, "networkInterfaces", "networkInterfaceName"),
    inputs: [...COMMON, "networkInterfaceName", "networkSecurityGroup", "ipConfigurations"],
    replaces: ["networkInterfaceName"],
    inUse: "NicInUse",
  },
  [MACHINE]: {
    path: (inputs) => machine(inputs),
    inputs: [
      ...COMMON,
      "vmName",
      "hardwareProfile",
      "networkProfile",
      "osProfile",
      "storageProfile",
    ],
    replaces: ["vmName", "networkProfile", "osProfile", "storageProfile"],
    inUse: "OperationNotAllowed",
  },
  [RUN_COMMAND]: {
    path: (inputs) => `${machine(inputs)}/runCommands/${text(inputs, "runCommandName")}`,
    inputs: [
      ...COMMON,
      "vmName",
      "runCommandName",
      "source",
      "timeoutInSeconds",
      "treatFailureAsDeploymentFailure",
      "asyncExecution",
    ],
    replaces: ["vmName", "runCommandName"],
    inUse: "OperationNotAllowed",
  },
};

/**
 * The contract of a type.
 *
 * @throws Error naming the type when it is not supported
 */
export function typeContract(type: string): Type {
  const known = TYPES[type];
  if (known === undefined) {
    throw new Error(`the lab's stand-in for Azure does not support ${type}`);
  }
  return known;
}

/** An input that must be a text. */
export function text(inputs: Inputs, key: string): string {
  const value = inputs[key];
  if (typeof value !== "string" || value === "") {
    throw new Error(`Code="InvalidRequestFormat" Message="The property '${key}' is required."`);
  }
  return value;
}

/** Last part of an id. */
export function nameOf(id: string): string {
  return id.split("/").at(-1) ?? "";
}

function network(inputs: Inputs, kind: string, nameKey: string): string {
  return `${inGroup(inputs)}/providers/Microsoft.Network/${kind}/${text(inputs, nameKey)}`;
}

function machine(inputs: Inputs): string {
  return `${inGroup(inputs)}/providers/Microsoft.Compute/virtualMachines/${text(inputs, "vmName")}`;
}

function inGroup(inputs: Inputs): string {
  return `${SUBSCRIPTION}/resourceGroups/${text(inputs, "resourceGroupName")}`;
}
