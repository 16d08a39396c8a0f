/** The types that the stand-in knows: what of them it supports, and what cannot be changed in place. */
import { PUBLISHED } from "@fogline/azure-checks/models";
import { resourceId } from "@fogline/azure-checks/request";
import type { Inputs } from "@fogline/azure-checks/values";
import {
  ADDRESS,
  EXTENSION,
  NIC,
  GROUP,
  MACHINE,
  NO_SUBSCRIPTION,
  officialType,
  ROUTE,
  ROUTES,
  RULES,
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

/** Fields whose content is free. */
const free = (...names: readonly string[]): Fields =>
  Object.fromEntries(names.map((name) => [name, true]));

const COMMON = free("location", "tags");
const REFERENCE = free("id");

const TYPES: Readonly<Record<string, Type>> = {
  [GROUP]: { inputs: COMMON, replaces: [] },
  [VNET]: {
    inputs: {
      ...COMMON,
      addressSpace: free("addressPrefixes"),
      ...free("enableDdosProtection", "enableVmProtection"),
    },
    replaces: [],
  },
  [SUBNET]: {
    inputs: {
      ...free("addressPrefix", "defaultOutboundAccess"),
      ...free("privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies"),
      routeTable: REFERENCE,
    },
    replaces: ["addressPrefix"],
  },
  [ROUTES]: { inputs: COMMON, replaces: [] },
  [ROUTE]: { inputs: free("addressPrefix", "nextHopType", "nextHopIpAddress"), replaces: [] },
  [RULES]: {
    inputs: {
      ...COMMON,
      securityRules: {
        ...free("name", "description", "priority", "direction", "access", "protocol"),
        ...free("sourceAddressPrefix", "sourceAddressPrefixes", "sourcePortRange"),
        ...free("destinationAddressPrefix", "destinationPortRange", "destinationPortRanges"),
      },
    },
    replaces: [],
  },
  [ADDRESS]: {
    inputs: {
      ...COMMON,
      ...free("publicIPAllocationMethod", "publicIPAddressVersion", "idleTimeoutInMinutes"),
      sku: free("name", "tier"),
      zones: true,
    },
    replaces: ["publicIPAllocationMethod", "publicIPAddressVersion", "sku", "zones"],
  },
  [NIC]: {
    inputs: {
      ...COMMON,
      ...free("enableAcceleratedNetworking", "enableIPForwarding"),
      networkSecurityGroup: REFERENCE,
      ipConfigurations: {
        ...free("name", "primary", "privateIPAddressVersion", "privateIPAllocationMethod"),
        subnet: REFERENCE,
        publicIPAddress: REFERENCE,
      },
    },
    replaces: ["ipConfigurations.subnet"],
  },
  [MACHINE]: {
    inputs: {
      ...COMMON,
      ...free("zones", "securityProfile"),
      diagnosticsProfile: { bootDiagnostics: free("enabled") },
      hardwareProfile: free("vmSize"),
      networkProfile: { networkInterfaces: free("id", "primary") },
      osProfile: {
        ...free("computerName", "adminUsername"),
        linuxConfiguration: {
          ...free("disablePasswordAuthentication", "provisionVMAgent", "patchSettings"),
          ssh: { publicKeys: free("keyData", "path") },
        },
      },
      storageProfile: {
        diskControllerType: true,
        imageReference: free("publisher", "offer", "sku", "version"),
        osDisk: {
          ...free("name", "caching", "createOption", "deleteOption", "diskSizeGB", "osType"),
          managedDisk: free("storageAccountType"),
        },
      },
    },
    // A disk's size, kind and cache change in place.
    replaces: [
      ...["networkProfile", "osProfile", "storageProfile.imageReference"],
      ...["name", "createOption", "osType"].map((field) => `storageProfile.osDisk.${field}`),
      "zones",
    ],
  },
  [EXTENSION]: {
    inputs: {
      ...COMMON,
      ...free("publisher", "type", "typeHandlerVersion", "autoUpgradeMinorVersion"),
      forceUpdateTag: true,
      settings: free("commandToExecute", "timestamp"),
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
