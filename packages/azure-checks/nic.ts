/** Rules of NICs. */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

import { addressAt, addressInside, parseCidr } from "./cidr.ts";
import { prefixesOf, RESERVED_ADDRESSES } from "./network.ts";
import { required, type Refusal } from "./refusal.ts";
import { at, listAt, missing, textAt } from "./values.ts";
import { NIC, nameOf, sameResource, type Resource, type World } from "./world.ts";

/** One address of a NIC. */
interface Configuration {
  readonly path: string;
  readonly inputs: unknown;
  readonly owner: string;
}

/** Every address of a NIC has a name, a subnet with a free address, and a public address of its own. */
export function checkNic(nic: Resource, world: World): Refusal[] {
  const all = configurations(nic);
  if (missing(nic.inputs, "ipConfigurations")) {
    return [required("ipConfigurations")];
  }
  return [
    ...all.flatMap((each) => checkConfiguration(each, world)),
    ...primaries(nic, all),
    ...all.flatMap((each, n) => sameName(each, all.slice(0, n))),
  ];
}

function configurations(nic: Resource): readonly Configuration[] {
  return listAt(nic.inputs, "ipConfigurations").map((inputs, n) => ({
    path: `ipConfigurations[${n}]`,
    inputs,
    owner: nic.id,
  }));
}

function checkConfiguration(own: Configuration, world: World): Refusal[] {
  const { path, inputs } = own;
  const refusals: Refusal[] = [];
  if (missing(inputs, "name")) {
    refusals.push(required(`${path}.name`));
  }
  if (missing(inputs, "subnet.id")) {
    const message = `Value for reference id is missing. Path ${path}.subnet.`;
    refusals.push({ path: `${path}.subnet`, code: "MissingJsonReferenceId", message });
    return refusals;
  }
  const subnet = world.get(textAt(inputs, "subnet.id") ?? "");
  return [
    ...refusals,
    ...checkPublic(own, world),
    ...checkStatic(own, subnet, world),
    ...(subnet === undefined ? [] : checkRoom(own, subnet, world)),
  ];
}

/** A public address belongs to one NIC. */
function checkPublic({ path, inputs, owner }: Configuration, world: World): Refusal[] {
  const address = textAt(inputs, "publicIPAddress.id");
  if (address === undefined) {
    return [];
  }
  const holder = others(world, owner).find((other) => {
    const held = textAt(other.inputs, "publicIPAddress.id");
    return held !== undefined && sameResource(world, held, address);
  });
  const message = `Resource ${owner} is referencing public IP address ${address} that is already allocated to resource ${holder?.owner ?? ""}.`;
  return holder === undefined
    ? []
    : [{ path: `${path}.publicIPAddress`, code: "PublicIPAddressInUse", message }];
}

/** A static address is in the subnet, is not reserved by Azure, and is free. */
function checkStatic(
  { path, inputs, owner }: Configuration,
  subnet: Resource | undefined,
  world: World,
): Refusal[] {
  const address = textAt(inputs, "privateIPAddress");
  const where = `${path}.privateIPAddress`;
  const method = textAt(inputs, "privateIPAllocationMethod")?.toLowerCase();
  if (method === "static" && missing(inputs, "privateIPAddress")) {
    const message = `Private static IP address is missing in ${owner}: the allocation method is Static.`;
    return [{ path: where, code: "PrivateIPAddressRequired", message }];
  }
  if (address === undefined || method !== "static" || subnet === undefined) {
    return [];
  }
  const prefixes = prefixesOf(subnet.inputs);
  const prefix = prefixes.find((each) => addressInside(address, each));
  if (prefix === undefined) {
    const message = `Private static IP address ${address} does not belong to the range of subnet prefix ${prefixes.join(", ")}.`;
    return [{ path: where, code: "PrivateIPAddressNotInSubnet", message }];
  }
  const size = sizeOf(prefix);
  const reserved = [0, 1, 2, 3, size - 1].map((n) => addressAt(prefix, n));
  if (reserved.includes(address)) {
    const message = `Private static IP address ${address} falls within reserved IP range of subnet prefix ${prefix}.`;
    return [{ path: where, code: "PrivateIPAddressInReservedRange", message }];
  }
  const taken = others(world, owner).some(
    (other) =>
      world.get(textAt(other.inputs, "subnet.id") ?? "") === subnet &&
      textAt(other.inputs, "privateIPAddress") === address,
  );
  const message = `IP configuration ${owner} is using the private IP address ${address} which is already allocated to another resource.`;
  return taken ? [{ path: where, code: "PrivateIPAddressIsAllocated", message }] : [];
}

/** A subnet holds as many NICs as it has addresses beside those that Azure keeps. */
function checkRoom({ path, owner }: Configuration, subnet: Resource, world: World): Refusal[] {
  const room = prefixesOf(subnet.inputs).reduce(
    (sum, prefix) => sum + Math.max(0, sizeOf(prefix) - RESERVED_ADDRESSES),
    0,
  );
  const used = others(world, owner).filter(
    ({ inputs }) => world.get(textAt(inputs, "subnet.id") ?? "") === subnet,
  ).length;
  const message = `Subnet ${nameOf(subnet.id)} with address prefix ${prefixesOf(subnet.inputs).join(", ")} doesn't have enough capacity for IP addresses.`;
  return room > 0 && used >= room
    ? [{ path: `${path}.subnet`, code: "SubnetIsFull", message }]
    : [];
}

/** Of several addresses exactly one is the first. */
function primaries(nic: Resource, all: readonly Configuration[]): Refusal[] {
  const first = all.filter(({ inputs }) => at(inputs, "primary") === true).length;
  const known = all.every(({ inputs }) => at(inputs, "primary") !== UNKNOWN);
  const message = `Network interface ${nameOf(nic.id)} has ${first} primary IP configurations. It must have exactly one.`;
  return all.length > 1 && known && first !== 1
    ? [{ path: "ipConfigurations", code: "NetworkInterfaceMustHaveOnePrimaryIpConfig", message }]
    : [];
}

function sameName({ path, inputs }: Configuration, earlier: readonly Configuration[]): Refusal[] {
  const name = textAt(inputs, "name")?.toLowerCase();
  const met = earlier.some((other) => textAt(other.inputs, "name")?.toLowerCase() === name);
  const message = `IP configurations have the same name: ${name ?? ""}.`;
  return name !== undefined && met
    ? [{ path: `${path}.name`, code: "DuplicateResourceName", message }]
    : [];
}

/** Addresses of every other NIC. */
function others(world: World, owner: string): Configuration[] {
  return world
    .ofType(NIC)
    .filter(({ id }) => id !== owner)
    .flatMap(configurations);
}

function sizeOf(prefix: string): number {
  return 2 ** (32 - (parseCidr(prefix)?.bits ?? 32));
}
