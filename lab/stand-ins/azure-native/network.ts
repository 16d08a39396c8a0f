/** The network's resources: subnets get a bridge, cards and public addresses their numbers. */
import { createHash } from "node:crypto";

import { addressAt, addressInside, parseCidr } from "../../../config/cidr.ts";
import { FABRIC, NAMESPACES, ROUTER_MAC } from "../../layout.ts";
import { inNamespace } from "../../machines/namespace.ts";
import { ADDRESS, CARD, nameOf, parentOf, SUBNET, VNET } from "../../../policy/azure/world.ts";
import type { Stored, View } from "./cloud.ts";
import { AzureError } from "./errors.ts";
import { nftables, type FabricCard } from "./fabric.ts";
import type { CardInputs, RulesInputs, SubnetInputs, VnetInputs } from "./shapes.ts";

/** Azure keeps the first four addresses of a subnet and the last. */
const FIRST_PRIVATE = 4;
/** Where the lab's public addresses begin. */
const FIRST_PUBLIC = 10;

/** Where a card is plugged in. */
export interface Plug {
  readonly bridge: string;
  readonly gateway: string;
  /** Address with the subnet's prefix. */
  readonly address: string;
}

/** A free public address, or the one that the resource has already. */
export function publicAddress(cloud: View, id: string): string {
  return free(cloud, id, ADDRESS, "ipAddress", FABRIC.publicRange, FIRST_PUBLIC);
}

/** A free address in a subnet, or the one that the card has already. */
export function privateAddress(cloud: View, id: string, subnetId: string): string {
  const { addressPrefix } = required(cloud, subnetId).inputs as unknown as SubnetInputs;
  return free(cloud, id, CARD, "privateAddress", addressPrefix, FIRST_PRIVATE);
}

/** Where a machine's card leads. */
export function plugOf(cloud: View, cardId: string): Plug {
  const card = required(cloud, cardId);
  const subnetId = (card.inputs as unknown as CardInputs).ipConfigurations[0]?.subnet.id ?? "";
  const { addressPrefix } = required(cloud, subnetId).inputs as unknown as SubnetInputs;
  return {
    bridge: bridgeOf(subnetId),
    gateway: addressAt(addressPrefix, 1),
    address: `${String(card.outputs["privateAddress"])}/${parseCidr(addressPrefix)?.bits ?? 24}`,
  };
}

/** Makes the fabric as the cloud remembers it; what stands and is right stays as it is. */
export async function applyFabric(cloud: View): Promise<void> {
  const subnets = cloud.ofType(SUBNET);
  const bridges = subnets.map((subnet) => {
    const { addressPrefix } = subnet.inputs as unknown as SubnetInputs;
    const bridge = bridgeOf(subnet.id);
    const address = `${addressAt(addressPrefix, 1)}/${parseCidr(addressPrefix)?.bits ?? 24}`;
    return (
      `ip link show ${bridge} >/dev/null 2>&1 || ip link add ${bridge} address ${ROUTER_MAC} type bridge\n` +
      `ip address replace ${address} dev ${bridge}\nip link set ${bridge} up\n`
    );
  });
  const rules = nftables(
    subnets.map(({ id }) => bridgeOf(id)),
    cloud.ofType(CARD).map((card) => fabricCard(cloud, card)),
  );
  await inNamespace(
    NAMESPACES.cloud,
    `${bridges.join("")}
     ip route replace local ${FABRIC.publicRange} dev lo src ${FABRIC.services}
     nft -f - <<'RULES'\n${rules}\nRULES\n`,
  );
}

/** Removes a subnet's bridge. */
export async function removeBridge(subnetId: string): Promise<void> {
  const bridge = bridgeOf(subnetId);
  await inNamespace(
    NAMESPACES.cloud,
    `if ip link show ${bridge} >/dev/null 2>&1; then ip link delete ${bridge}; fi`,
  );
}

function fabricCard(cloud: View, card: Stored): FabricCard {
  const inputs = card.inputs as unknown as CardInputs;
  const group = inputs.networkSecurityGroup?.id;
  const address = inputs.ipConfigurations[0]?.publicIPAddress?.id;
  const rules = group === undefined ? undefined : cloud.get(group)?.inputs;
  const known = address === undefined ? undefined : cloud.get(address)?.outputs["ipAddress"];
  return {
    privateAddress: String(card.outputs["privateAddress"]),
    network: rangesOf(cloud, parentOf(inputs.ipConfigurations[0]?.subnet.id ?? "")),
    ...(typeof known === "string" ? { publicAddress: known } : {}),
    // A standard public address is closed until a security group opens it.
    rules: (rules as RulesInputs | undefined)?.securityRules ?? [],
  };
}

/** Ranges of a virtual network. */
function rangesOf(cloud: View, vnetId: string): readonly string[] {
  return (required(cloud, vnetId).inputs as unknown as VnetInputs).addressSpace.addressPrefixes;
}

/** Ranges of every other virtual network. */
export function otherRanges(cloud: View, vnetId: string): string[] {
  return cloud
    .ofType(VNET)
    .filter(({ id }) => id !== vnetId)
    .flatMap(({ id }) => rangesOf(cloud, id));
}

function free(
  cloud: View,
  id: string,
  type: string,
  output: string,
  range: string,
  first: number,
): string {
  const own = cloud.get(id)?.outputs[output];
  if (typeof own === "string" && addressInside(own, range)) {
    return own;
  }
  const taken = new Set(cloud.ofType(type).map((resource) => resource.outputs[output]));
  const last = 2 ** (32 - (parseCidr(range)?.bits ?? 32)) - 1;
  for (let n = first; n < last; n += 1) {
    const address = addressAt(range, n);
    if (!taken.has(address)) {
      return address;
    }
  }
  throw new AzureError({
    code: "SubnetIsFull",
    message: `${nameOf(id)}: ${range} doesn't have enough capacity for IP addresses.`,
  });
}

function required(cloud: View, id: string): Stored {
  const found = cloud.get(id);
  if (found === undefined) {
    throw new AzureError({
      code: "InvalidResourceReference",
      message: `Resource ${id} referenced was not found.`,
    });
  }
  return found;
}

/** Interface names hold 15 characters, ids many more. */
function bridgeOf(subnetId: string): string {
  return `br-${createHash("sha256").update(subnetId).digest("hex").slice(0, 10)}`;
}
