/** Rules of virtual networks and their subnets. */
import { addressInside, parseCidr, rangesOverlap } from "./cidr.ts";
import { required, type Refusal } from "./refusal.ts";
import { listAt, missing, textAt, textsAt } from "./values.ts";
import { nameOf, ownName, parentOf, SUBNET, type Resource, type World } from "./world.ts";

/** Azure keeps the first four addresses of a subnet and the last. */
export const RESERVED_ADDRESSES = 5;
/** The longest prefix of a subnet: three machines beside the reserved addresses. */
const SMALLEST_SUBNET = 29;

/** A subnet, declared for itself or within its network. */
interface Part {
  readonly name: string;
  readonly path: string;
  readonly prefixes: readonly string[];
}

/** Ranges of a virtual network. */
export function rangesOf(vnet: Resource): readonly string[] {
  return textsAt(vnet.inputs, "addressSpace.addressPrefixes");
}

/** Ranges of a subnet. */
export function prefixesOf(inputs: unknown): readonly string[] {
  const one = textAt(inputs, "addressPrefix");
  return one === undefined ? textsAt(inputs, "addressPrefixes") : [one];
}

/** A network's ranges are ranges and lie apart; so do the subnets declared within it. */
export function checkVnet(vnet: Resource, world: World): Refusal[] {
  const ranges = rangesOf(vnet);
  const path = "addressSpace.addressPrefixes";
  const fromPool = !missing(vnet.inputs, "addressSpace.ipamPoolPrefixAllocations");
  const refusals = missing(vnet.inputs, path) && !fromPool ? [required(path)] : [];
  ranges.forEach((range, n) => {
    if (parseCidr(range) === undefined) {
      refusals.push(badCidr(`${path}[${n}]`, range, vnet.id));
    } else if (ranges.slice(0, n).some((other) => rangesOverlap(other, range))) {
      const message = `Address prefix ${range} of virtual network '${ownName(vnet)}' overlaps with another one of its address prefixes.`;
      refusals.push({ path: `${path}[${n}]`, code: "NetcfgInvalidVirtualNetworkSite", message });
    }
  });
  const inner = partsOf(vnet);
  return [
    ...refusals,
    ...inner.flatMap((part, n) => checkPart(part, vnet, [...inner.slice(0, n)])),
    ...outgrown(vnet, world),
  ];
}

/** A subnet is inside its network, overlaps no other, and has enough addresses. */
export function checkSubnet(subnet: Resource, world: World): Refusal[] {
  if (missing(subnet.inputs, "addressPrefix") && missing(subnet.inputs, "addressPrefixes")) {
    return [required("addressPrefix")];
  }
  const part = standalone(subnet);
  const vnet = world.get(parentOf(subnet.id));
  if (vnet === undefined) {
    return part.prefixes.flatMap((prefix) => checkRange(part, prefix, ""));
  }
  const siblings = world
    .ofType(SUBNET)
    .filter((other) => other.id !== subnet.id && parentOf(other.id) === vnet.id)
    .map(standalone);
  const within = partsOf(vnet).filter(({ name }) => name !== part.name);
  return checkPart(part, vnet, [...siblings, ...within]);
}

function standalone(subnet: Resource): Part {
  const { inputs } = subnet;
  return { name: nameOf(subnet.id), path: "addressPrefix", prefixes: prefixesOf(inputs) };
}

function partsOf(vnet: Resource): readonly Part[] {
  return listAt(vnet.inputs, "subnets").map((subnet, n) => ({
    name: textAt(subnet, "name") ?? "",
    path: `subnets[${n}].addressPrefix`,
    prefixes: prefixesOf(subnet),
  }));
}

function checkPart(part: Part, vnet: Resource, others: readonly Part[]): Refusal[] {
  const ranges = rangesOf(vnet);
  const network = ownName(vnet);
  return part.prefixes.flatMap((prefix) => {
    const refused = checkRange(part, prefix, network);
    if (refused.length > 0) {
      return refused;
    }
    if (ranges.length > 0 && !ranges.some((range) => inside(prefix, range))) {
      const message = `Subnet '${part.name}' is not valid because its IP address range is outside the IP address range of virtual network '${network}'.`;
      return [{ path: part.path, code: "NetcfgSubnetRangeOutsideVnet", message }];
    }
    const met = others.find((other) => other.prefixes.some((each) => rangesOverlap(each, prefix)));
    const message = `Subnet '${part.name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '${network}'.`;
    return met === undefined
      ? []
      : [{ path: part.path, code: "NetcfgSubnetRangesOverlap", message }];
  });
}

function checkRange({ name, path }: Part, prefix: string, network: string): Refusal[] {
  const range = parseCidr(prefix);
  if (range === undefined) {
    return [badCidr(path, prefix, name)];
  }
  const message = `Subnet '${name}' is not valid in virtual network '${network}'. The smallest subnet is /${SMALLEST_SUBNET}, as Azure reserves ${RESERVED_ADDRESSES} addresses of each.`;
  return range.bits > SMALLEST_SUBNET ? [{ path, code: "NetcfgInvalidSubnet", message }] : [];
}

/** A network cannot shrink below its subnets. */
function outgrown(vnet: Resource, world: World): Refusal[] {
  const ranges = rangesOf(vnet);
  return world
    .ofType(SUBNET)
    .filter(({ id }) => world.complete && parentOf(id) === vnet.id)
    .flatMap((subnet) => prefixesOf(subnet.inputs).map((prefix) => ({ subnet, prefix })))
    .filter(({ prefix }) => ranges.length > 0 && !ranges.some((range) => inside(prefix, range)))
    .map(({ subnet }) => ({
      path: "addressSpace.addressPrefixes",
      code: "NetcfgSubnetRangeOutsideVnet",
      message: `Subnet '${nameOf(subnet.id)}' is not valid because its IP address range is outside the IP address range of virtual network '${ownName(vnet)}'.`,
    }));
}

function inside(prefix: string, range: string): boolean {
  const inner = parseCidr(prefix);
  const outer = parseCidr(range);
  return (
    inner !== undefined &&
    outer !== undefined &&
    inner.bits >= outer.bits &&
    addressInside(inner.address, range)
  );
}

function badCidr(path: string, prefix: string, resource: string): Refusal {
  const message = `The address prefix ${prefix} in resource ${resource} has an invalid CIDR notation. For more details, refer https://aka.ms/azurenetcidr`;
  return { path, code: "InvalidCIDRNotation", message };
}
