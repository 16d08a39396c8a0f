/** The types that the stand-in knows: what of them it supports, and what cannot be changed in place. */
import { PUBLISHED } from "@fogline/azure-checks/models";
import { resourceId } from "@fogline/azure-checks/request";
import type { Inputs } from "@fogline/azure-checks/values";
import {
  ADDRESS,
  NIC,
  GROUP,
  MACHINE,
  NO_SUBSCRIPTION,
  officialType,
  ROUTE,
  ROUTES,
  RULES,
  RUN_COMMAND,
  SUBNET,
  VNET,
} from "@fogline/azure-checks/world";

/** Supported fields by name; the content of a field is either free (`true`) or listed again. */
export interface Fields {
  readonly [field: string]: true | Fields;
}

/** One type's contract beyond what Azure publishes. */
export interface Type {
  /** Inputs that are supported, to the last level; others are refused by name. */
  readonly inputs: Fields;
  /** Dotted paths whose change makes a new resource, besides the names and the location. */
  readonly replaces: readonly string[];
}

const COMMON: Fields = { location: true, tags: true };
const REFERENCE: Fields = { id: true };

const TYPES: Readonly<Record<string, Type>> = {
  [GROUP]: { inputs: COMMON, replaces: [] },
  [VNET]: {
    inputs: {
      ...COMMON,
      addressSpace: { addressPrefixes: true },
      enableDdosProtection: true,
      enableVmProtection: true,
    },
    replaces: [],
  },
  [SUBNET]: {
    inputs: {
      addressPrefix: true,
      defaultOutboundAccess: true,
      privateEndpointNetworkPolicies: true,
      privateLinkServiceNetworkPolicies: true,
      routeTable: REFERENCE,
    },
    replaces: ["addressPrefix"],
  },
  [ROUTES]: { inputs: COMMON, replaces: [] },
  [ROUTE]: {
    inputs: { addressPrefix: true, nextHopType: true, nextHopIpAddress: true },
    replaces: [],
  },
  [RULES]: {
    inputs: {
      ...COMMON,
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
    inputs: {
      ...COMMON,
      publicIPAllocationMethod: true,
      publicIPAddressVersion: true,
      idleTimeoutInMinutes: true,
      sku: { name: true, tier: true },
      zones: true,
    },
    replaces: ["publicIPAllocationMethod", "publicIPAddressVersion", "sku", "zones"],
  },
  [NIC]: {
    inputs: {
      ...COMMON,
      enableAcceleratedNetworking: true,
      enableIPForwarding: true,
      networkSecurityGroup: REFERENCE,
      ipConfigurations: {
        name: true,
        primary: true,
        subnet: REFERENCE,
        privateIPAddressVersion: true,
        privateIPAllocationMethod: true,
        publicIPAddress: REFERENCE,
      },
    },
    replaces: ["ipConfigurations.subnet"],
  },
  [MACHINE]: {
    inputs: {
      ...COMMON,
      zones: true,
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      hardwareProfile: { vmSize: true },
      networkProfile: { networkInterfaces: { id: true, primary: true } },
      osProfile: {
        computerName: true,
        adminUsername: true,
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          provisionVMAgent: true,
          patchSettings: true,
          ssh: { publicKeys: { keyData: true, path: true } },
        },
      },
      securityProfile: true,
      storageProfile: {
        diskControllerType: true,
        imageReference: { publisher: true, offer: true, sku: true, version: true },
        osDisk: {
          name: true,
          caching: true,
          createOption: true,
          deleteOption: true,
          diskSizeGB: true,
          osType: true,
          managedDisk: { storageAccountType: true },
        },
      },
    },
    // A disk's size, kind and cache change in place.
    replaces: [
      "networkProfile",
      "osProfile",
      "storageProfile.imageReference",
      "storageProfile.osDisk.name",
      "storageProfile.osDisk.createOption",
      "storageProfile.osDisk.osType",
      "zones",
    ],
  },
  [RUN_COMMAND]: {
    inputs: {
      ...COMMON,
      source: { script: true },
      timeoutInSeconds: true,
      treatFailureAsDeploymentFailure: true,
    },
    replaces: [],
  },
};

/**
 * The contract of a type.
 *
 * @throws Error naming the type when it is not supported
 */
export function typeContract(type: string): Type & {
  readonly official: string;
  readonly apiVersion: string;
  /** Inputs that name the resource and what it stands under; its own comes last. */
  readonly names: readonly string[];
} {
  const known = TYPES[type];
  const published = PUBLISHED.types[type];
  if (known === undefined || published === undefined) {
    throw new Error(`the lab's stand-in for Azure does not support ${type}`);
  }
  return {
    ...known,
    official: officialType(type),
    // A later version of the groups' API is published than the one that azure-native speaks.
    apiVersion: type === GROUP ? "2024-03-01" : published.apiVersion,
    names: published.names,
  };
}

/** The id of the resource that inputs describe, in the lab's subscription. */
export function idOf(type: string, inputs: Inputs): string {
  return resourceId(type, inputs, NO_SUBSCRIPTION);
}
