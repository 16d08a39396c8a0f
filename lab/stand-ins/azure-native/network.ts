/** The network's resources: subnets get a bridge, NICs and public addresses their numbers. */
import { createHash } from "node:crypto";

import { addressAt, addressInside, parseCidr } from "@fogline/azure-checks/cidr";
import { ADDRESS, NIC, nameOf, parentOf, ROUTE, SUBNET, VNET } from "@fogline/azure-checks/world";

import { FABRIC, NAMESPACES, ROUTER_MAC } from "../../layout.ts";
import { inNamespace } from "../../machines/namespace.ts";
import type { Stored, View } from "./cloud.ts";
import { AzureError } from "./errors.ts";
import { nftables, type FabricNic, type FabricRoute } from "./fabric.ts";
import type { NicInputs, RouteInputs, RulesInputs, SubnetInputs, VnetInputs } from "./shapes.ts";

/** Azure keeps the first four addresses of a subnet and the last. */
const FIRST_PRIVATE = 4;
/** Where the lab's public addresses begin. */
const FIRST_PUBLIC = 10;

/** The network that a NIC is attached to. */
export interface Attachment {
  readonly bridge: string;
  readonly gateway: string;
  /** Address with the subnet's prefix. */
  readonly address: string;
}

/** A free public address, or the one that the resource has already. */
export function publicAddress(cloud: View, id: string): string {
  return free(cloud, id, ADDRESS, "ipAddress", FABRIC.publicRange, FIRST_PUBLIC);
}

/** A free address in a subnet, or the one that the NIC has already. */
export function privateAddress(cloud: View, id: string, subnetId: string): string {
  const { addressPrefix } = required(cloud, subnetId).inputs as unknown as SubnetInputs;
  return free(cloud, id, NIC, "privateAddress", addressPrefix, FIRST_PRIVATE);
}

/** The network that a NIC of a machine is attached to. */
export function attachmentOf(cloud: View, nicId: string): Attachment {
  const nic = required(cloud, nicId);
  const subnetId = (nic.inputs as unknown as NicInputs).ipConfigurations[0]?.subnet.id ?? "";
  const { addressPrefix } = required(cloud, subnetId).inputs as unknown as SubnetInputs;
  return {
    bridge: bridgeOf(subnetId),
    gateway: addressAt(addressPrefix, 1),
    address: `${String(nic.outputs["privateAddress"])}/${parseCidr(addressPrefix)?.bits ?? 24}`,
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
  const routes = subnets.flatMap((subnet) => routesOf(cloud, subnet));
  const rules = nftables(
    subnets.map(({ id }) => bridgeOf(id)),
    cloud.ofType(NIC).map((nic) => fabricNic(cloud, nic)),
    routes,
  );
  await inNamespace(
    NAMESPACES.cloud,
    `${bridges.join("")}
     ip route replace local ${FABRIC.publicRange} dev lo src ${FABRIC.services}
     ${routeCommands(routes)}
     nft -f - <<'RULES'\n${rules}\nRULES\n`,
  );
}

/** What a subnet's route table adds; a NIC that does not forward gets nothing of others, as in Azure. */
export function routesOf(cloud: View, subnet: Stored): FabricRoute[] {
  const table = (subnet.inputs as unknown as SubnetInputs).routeTable?.id;
  const forwarding = new Set(
    cloud
      .ofType(NIC)
      .filter(({ inputs }) => (inputs as unknown as NicInputs).enableIPForwarding === true)
      .map(({ outputs }) => String(outputs["privateAddress"])),
  );
  const routes = cloud.ofType(ROUTE).filter(({ id }) => parentOf(id) === table);
  return routes.flatMap(({ inputs }) => {
    const { addressPrefix: prefix, nextHopIpAddress: via = "" } = inputs as unknown as RouteInputs;
    return forwarding.has(via) ? [{ bridge: bridgeOf(subnet.id), prefix, via }] : [];
  });
}

/** Mark of the routes that come from route tables, among the kernel's own. */
const TABLE_PROTOCOL = 77;

function routeCommands(routes: readonly FabricRoute[]): string {
  const wanted = routes.map(({ prefix }) => prefix).join(" ");
  return [
    ...routes.map(
      ({ bridge, prefix, via }) =>
        `ip route replace ${prefix} via ${via} dev ${bridge} proto ${TABLE_PROTOCOL}`,
    ),
    `for there in $(ip route show proto ${TABLE_PROTOCOL} | cut -d' ' -f1); do
       case " ${wanted} " in *" $there "*) ;; *) ip route delete "$there" proto ${TABLE_PROTOCOL} ;; esac
     done`,
  ].join("\n");
}

/** Removes a subnet's bridge. */
export async function removeBridge(subnetId: string): Promise<void> {
  const bridge = bridgeOf(subnetId);
  await inNamespace(
    NAMESPACES.cloud,
    `if ip link show ${bridge} >/dev/null 2>&1; then ip link delete ${bridge}; fi`,
  );
}

function fabricNic(cloud: View, nic: Stored): FabricNic {
  const inputs = nic.inputs as unknown as NicInputs;
  const group = inputs.networkSecurityGroup?.id;
  const address = inputs.ipConfigurations[0]?.publicIPAddress?.id;
  const rules = group === undefined ? undefined : cloud.get(group)?.inputs;
  const known = address === undefined ? undefined : cloud.get(address)?.outputs["ipAddress"];
  return {
    privateAddress: String(nic.outputs["privateAddress"]),
    network: networkOf(cloud, inputs.ipConfigurations[0]?.subnet.id ?? ""),
    ...(typeof known === "string" ? { publicAddress: known } : {}),
    // A standard public address is closed until a security group opens it.
    rules: (rules as RulesInputs | undefined)?.securityRules ?? [],
  };
}

/** What Azure's tag VirtualNetwork holds: the network's ranges, and where its subnet's routes lead. */
function networkOf(cloud: View, subnetId: string): readonly string[] {
  const routed = routesOf(cloud, required(cloud, subnetId)).map(({ prefix }) => prefix);
  return [...rangesOf(cloud, parentOf(subnetId)), ...routed];
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
