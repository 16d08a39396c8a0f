/** What Azure settles at once when it takes an order: whether it takes it, and the numbers. */
import { randomUUID } from "node:crypto";

import { checkResource } from "@fogline/azure-checks/check";
import { rangesOverlap } from "@fogline/azure-checks/cidr";
import { PAID } from "@fogline/azure-checks/quota";
import { ADDRESS, NIC, MACHINE, nameOf, VNET, type Resource } from "@fogline/azure-checks/world";

import type { View } from "./cloud.ts";
import { differs } from "./contract.ts";
import { AzureError } from "./errors.ts";
import { limitsOf } from "./limits.ts";
import { otherRanges, privateAddress, publicAddress } from "./network.ts";
import type { NicInputs, VnetInputs } from "./shapes.ts";
import { typeContract } from "./types.ts";

/**
 * Checks an order against what the cloud holds, and hands out addresses and ids. Nothing else may
 * change the cloud until the result is stored.
 *
 * @param isFresh whether nobody got to see what stands there by this name, so that all may change
 * @returns what Azure adds to the inputs
 * @throws AzureError with Azure's reason when it is refused
 */
export function settle(cloud: View, order: Resource, isFresh: boolean): Record<string, unknown> {
  const { id, type, inputs } = order;
  const refusals = checkResource(order, cloud, PAID);
  if (refusals.length > 0) {
    throw new AzureError(...refusals);
  }
  const limits = limitsOf(type, inputs);
  if (limits.length > 0) {
    throw new Error(limits.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  }
  switch (type) {
    case VNET:
      refuseOverlap(cloud, order);
      return {};
    case ADDRESS:
      return { ipAddress: publicAddress(cloud, id) };
    case NIC:
      return settleNic(cloud, id, inputs as unknown as NicInputs);
    case MACHINE:
      return settleMachine(cloud, order, isFresh);
    default:
      return {};
  }
}

/** Azure's networks are apart from each other; those of the lab share one fabric. */
function refuseOverlap(cloud: View, { id, inputs }: Resource): void {
  const others = otherRanges(cloud, id);
  for (const range of (inputs as unknown as VnetInputs).addressSpace.addressPrefixes) {
    const met = others.find((other) => rangesOverlap(other, range));
    if (met !== undefined) {
      throw new Error(
        `the lab's stand-in for Azure does not support overlapping networks: ${range} of ${nameOf(id)} meets ${met}`,
      );
    }
  }
}

function settleNic(cloud: View, id: string, inputs: NicInputs): Record<string, unknown> {
  const [config] = inputs.ipConfigurations;
  if (config === undefined) {
    throw new Error(`the lab's stand-in for Azure supports NICs with one address: ${nameOf(id)}`);
  }
  const own = privateAddress(cloud, id, config.subnet.id);
  return { privateAddress: own, ipConfigurations: [{ ...config, privateIPAddress: own }] };
}

function settleMachine(
  cloud: View,
  { id, inputs }: Resource,
  isFresh: boolean,
): Record<string, unknown> {
  // Machines of the lab are identified by name only.
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
    known === undefined || isFresh
      ? undefined
      : typeContract(MACHINE).replaces.find((path) => differs(path, known.inputs, inputs));
  if (changed !== undefined) {
    throw new AzureError({
      code: "PropertyChangeNotAllowed",
      message: `Changing property '${changed}' of ${nameOf(id)} is not allowed.`,
    });
  }
  return { vmId: known?.outputs["vmId"] ?? randomUUID() };
}
