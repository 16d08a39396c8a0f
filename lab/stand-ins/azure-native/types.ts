/** The types that the stand-in knows: fields, names, what cannot be changed in place. */

/** Supported fields by name; what lies below a field is either free (`true`) or listed again. */
export interface Fields {
  readonly [field: string]: true | Fields;
}

/** One type's contract. */
export interface Type {
  /** The id of the resource that these inputs describe. */
  readonly path: (inputs: Inputs) => string;
  /** Name of the type in Azure's own API. */
  readonly official: string;
  /** Version of Azure's API that the SDK 3.28.0 speaks for this type. */
  readonly apiVersion: string;
  /** Input that holds the name, and what Azure takes for one. */
  readonly nameField: string;
  readonly namePattern: RegExp;
  /** Inputs that are supported, to the last level; others are refused by name. */
  readonly inputs: Fields;
  /** Dotted paths whose change makes a new resource, besides the names and the location. */
  readonly replaces: readonly string[];
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

const IN_GROUP: Fields = { resourceGroupName: true, location: true, tags: true };
const REFERENCE: Fields = { id: true };
const SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000";
const NETWORK = { apiVersion: "2024-05-01", namePattern: /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/ };
const COMPUTE = { apiVersion: "2024-11-01" };

export const TYPES: Readonly<Record<string, Type>> = {
  [GROUP]: {
    path: inGroup,
    official: "Microsoft.Resources/resourceGroups",
    apiVersion: "2024-03-01",
    nameField: "resourceGroupName",
    namePattern: /^[\w().-]{0,89}[\w()-]$/,
    inputs: IN_GROUP,
    replaces: [],
  },
  [VNET]: {
    ...NETWORK,
    path: vnet,
    official: "Microsoft.Network/virtualNetworks",
    nameField: "virtualNetworkName",
    inputs: {
      ...IN_GROUP,
      virtualNetworkName: true,
      addressSpace: { addressPrefixes: true },
      enableDdosProtection: true,
      enableVmProtection: true,
    },
    replaces: [],
  },
  [SUBNET]: {
    ...NETWORK,
    path: (inputs) => `${vnet(inputs)}/subnets/${text(inputs, "subnetName")}`,
    official: "Microsoft.Network/virtualNetworks/subnets",
    nameField: "subnetName",
    inputs: {
      resourceGroupName: true,
      virtualNetworkName: true,
      subnetName: true,
      addressPrefix: true,
      privateEndpointNetworkPolicies: true,
      privateLinkServiceNetworkPolicies: true,
    },
    replaces: ["virtualNetworkName", "addressPrefix"],
  },
  [RULES]: {
    ...NETWORK,
    path: (inputs) => networked(inputs, "networkSecurityGroups", "networkSecurityGroupName"),
    official: "Microsoft.Network/networkSecurityGroups",
    nameField: "networkSecurityGroupName",
    inputs: {
      ...IN_GROUP,
      networkSecurityGroupName: true,
      securityRules: {
        name: true,
        description: true,
        priority: true,
        direction: true,
        access: true,
        protocol: true,
        sourceAddressPrefix: true,
        sourceAddressPrefixes: true,
        sourcePortRange: true,
        destinationAddressPrefix: true,
        destinationPortRange: true,
        destinationPortRanges: true,
      },
    },
    replaces: [],
  },
  [ADDRESS]: {
    ...NETWORK,
    path: (inputs) => networked(inputs, "publicIPAddresses", "publicIpAddressName"),
    official: "Microsoft.Network/publicIPAddresses",
    nameField: "publicIpAddressName",
    inputs: {
      ...IN_GROUP,
      publicIpAddressName: true,
      publicIPAllocationMethod: true,
      sku: { name: true },
    },
    replaces: ["publicIPAllocationMethod", "sku"],
  },
  [CARD]: {
    ...NETWORK,
    path: (inputs) => networked(inputs, "networkInterfaces", "networkInterfaceName"),
    official: "Microsoft.Network/networkInterfaces",
    nameField: "networkInterfaceName",
    inputs: {
      ...IN_GROUP,
      networkInterfaceName: true,
      networkSecurityGroup: REFERENCE,
      ipConfigurations: {
        name: true,
        subnet: REFERENCE,
        privateIPAllocationMethod: true,
        publicIPAddress: REFERENCE,
      },
    },
    replaces: ["ipConfigurations.subnet"],
  },
  [MACHINE]: {
    ...COMPUTE,
    path: machine,
    official: "Microsoft.Compute/virtualMachines",
    nameField: "vmName",
    namePattern: /^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/,
    inputs: {
      ...IN_GROUP,
      vmName: true,
      hardwareProfile: { vmSize: true },
      networkProfile: { networkInterfaces: { id: true, primary: true } },
      osProfile: {
        computerName: true,
        adminUsername: true,
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          ssh: { publicKeys: { keyData: true, path: true } },
        },
      },
      storageProfile: {
        imageReference: { publisher: true, offer: true, sku: true, version: true },
        osDisk: {
          name: true,
          createOption: true,
          deleteOption: true,
          managedDisk: { storageAccountType: true },
        },
      },
    },
    replaces: ["networkProfile", "osProfile", "storageProfile"],
  },
  [RUN_COMMAND]: {
    ...COMPUTE,
    path: (inputs) => `${machine(inputs)}/runCommands/${text(inputs, "runCommandName")}`,
    official: "Microsoft.Compute/virtualMachines/runCommands",
    nameField: "runCommandName",
    namePattern: /^[\w-]{1,80}$/,
    inputs: {
      ...IN_GROUP,
      vmName: true,
      runCommandName: true,
      source: { script: true },
      timeoutInSeconds: true,
      treatFailureAsDeploymentFailure: true,
    },
    replaces: ["vmName"],
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

/** Id of the resource that an id stands under: of a subnet its network, of a run command its machine. */
export function parentOf(id: string): string {
  const parts = id.split("/");
  return parts.length > 9 ? parts.slice(0, -2).join("/") : parts.slice(0, 5).join("/");
}

function networked(inputs: Inputs, kind: string, nameKey: string): string {
  return `${inGroup(inputs)}/providers/Microsoft.Network/${kind}/${text(inputs, nameKey)}`;
}

function vnet(inputs: Inputs): string {
  return networked(inputs, "virtualNetworks", "virtualNetworkName");
}

function machine(inputs: Inputs): string {
  return `${inGroup(inputs)}/providers/Microsoft.Compute/virtualMachines/${text(inputs, "vmName")}`;
}

function inGroup(inputs: Inputs): string {
  return `${SUBSCRIPTION}/resourceGroups/${text(inputs, "resourceGroupName")}`;
}
