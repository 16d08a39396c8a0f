/** What Azure settles at once when it takes an order: whether it takes it, and the numbers. */
import { randomUUID } from "node:crypto";

import type { Cloud } from "./cloud.ts";
import { differs } from "./contract.ts";
import { otherRanges, privateAddress, publicAddress, rangesOf, siblingRanges } from "./network.ts";
import {
  AzureError,
  checkAddress,
  checkMachine,
  checkRules,
  checkSubnet,
  checkVnet,
} from "./refusals.ts";
import type { CardInputs, MachineInputs, SubnetInputs, VnetInputs } from "./shapes.ts";
import {
  ADDRESS,
  CARD,
  GROUP,
  MACHINE,
  nameOf,
  parentOf,
  RULES,
  SUBNET,
  typeContract,
  VNET,
  type Inputs,
} from "./types.ts";

/**
 * Checks an order against what the cloud holds, and hands out addresses and ids. Nothing else may
 * change the cloud until the result is stored.
 *
 * @returns what Azure adds to the inputs
 * @throws AzureError with Azure's reason when it is refused
 */
export function settle(
  cloud: Cloud,
  id: string,
  type: string,
  inputs: Inputs,
): Record<string, unknown> {
  if (type !== GROUP) {
    checkSurroundings(cloud, id, inputs);
  }
  switch (type) {
    case VNET: {
      const { addressPrefixes } = (inputs as unknown as VnetInputs).addressSpace;
      checkVnet(nameOf(id), addressPrefixes, otherRanges(cloud, id));
      return {};
    }
    case SUBNET: {
      const { addressPrefix } = inputs as unknown as SubnetInputs;
      const siblings = siblingRanges(cloud, id);
      checkSubnet(nameOf(id), addressPrefix, rangesOf(cloud, parentOf(id)), siblings);
      return {};
    }
    case RULES:
      checkRules(inputs);
      return {};
    case ADDRESS:
      checkAddress(inputs);
      return { ipAddress: publicAddress(cloud, id) };
    case CARD:
      return settleCard(cloud, id, inputs as unknown as CardInputs);
    case MACHINE:
      checkMachine(inputs as unknown as MachineInputs);
      return settleMachine(cloud, id, inputs);
    default:
      return {};
  }
}

function settleCard(cloud: Cloud, id: string, inputs: CardInputs): Record<string, unknown> {
  const [config, ...more] = inputs.ipConfigurations;
  if (config === undefined || more.length > 0) {
    throw new Error(`the lab's stand-in for Azure supports cards with one address: ${nameOf(id)}`);
  }
  if ((config.privateIPAllocationMethod ?? "Dynamic") !== "Dynamic") {
    throw new Error(
      `the lab's stand-in for Azure does not support privateIPAllocationMethod ${String(config.privateIPAllocationMethod)}`,
    );
  }
  const address = config.publicIPAddress?.id;
  const holder = address === undefined ? undefined : otherUser(cloud, address, id);
  if (holder !== undefined) {
    throw new AzureError(
      "PublicIPAddressInUse",
      `Resource ${id} is referencing public IP address ${String(address)} that is already allocated to resource ${holder}.`,
    );
  }
  const own = privateAddress(cloud, id, config.subnet.id);
  return { privateAddress: own, ipConfigurations: [{ ...config, privateIPAddress: own }] };
}

function settleMachine(cloud: Cloud, id: string, inputs: Inputs): Record<string, unknown> {
  for (const card of (inputs as unknown as MachineInputs).networkProfile.networkInterfaces) {
    const holder = otherUser(cloud, card.id, id);
    if (holder !== undefined) {
      throw new AzureError(
        "NicInUse",
        `Network Interface ${card.id} is used by existing resource ${holder}.`,
      );
    }
  }
  // Machines of the lab are told apart by name alone.
  const namesake = cloud
    .ofType(MACHINE)
    .find((other) => other.id !== id && nameOf(other.id) === nameOf(id));
  if (namesake !== undefined) {
    throw new Error(
      `the lab's stand-in for Azure does not support two machines of one name: ${id} and ${namesake.id}`,
    );
  }
  const known = cloud.get(id);
  const changed =
    known?.outputs["provisioningState"] === "Succeeded"
      ? typeContract(MACHINE).replaces.find((path) => differs(path, known.inputs, inputs))
      : undefined;
  if (changed !== undefined) {
    throw new AzureError(
      "PropertyChangeNotAllowed",
      `Changing property '${changed}' of ${nameOf(id)} is not allowed.`,
    );
  }
  return { vmId: known?.outputs["vmId"] ?? randomUUID() };
}

/** The group, what the resource stands under, and what it refers to must be there. */
function checkSurroundings(cloud: Cloud, id: string, inputs: Inputs): void {
  const group = id.split("/").slice(0, 5).join("/");
  if (cloud.get(group) === undefined) {
    throw new AzureError(
      "ResourceGroupNotFound",
      `Resource group '${nameOf(group)}' could not be found.`,
    );
  }
  if (cloud.get(parentOf(id)) === undefined) {
    throw new AzureError(
      "ParentResourceNotFound",
      `Failed to perform 'write' on resource '${id}', because the parent resource '${parentOf(id)}' could not be found.`,
    );
  }
  const missing = references(inputs).find((reference) => cloud.get(reference) === undefined);
  if (missing !== undefined) {
    throw new AzureError(
      "InvalidResourceReference",
      `Resource ${missing} referenced by resource ${id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
    );
  }
}

function references(value: unknown): string[] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "id" && typeof inner === "string" ? [inner] : references(inner),
  );
}

function otherUser(cloud: Cloud, reference: string, self: string): string | undefined {
  return cloud.usersOf(reference).find(({ id }) => id !== self)?.id;
}
