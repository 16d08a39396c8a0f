/** Rules of virtual machines: size, image, NICs and disks. Their administrator: `login.ts`. */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

import { checkLogin } from "./login.ts";
import { required, type Refusal } from "./refusal.ts";
import { SIZES, sizeOf, type Architecture, type Size } from "./sizes.ts";
import { at, listAt, missing, numberAt, textAt, textsAt } from "./values.ts";
import {
  groupOf,
  MACHINE,
  nameOf,
  ownName,
  sameResource,
  type Resource,
  type World,
} from "./world.ts";

/** Publishers whose images say `arm64` in their name, or are for x64. */
const NAMED_BY_ARCHITECTURE = new Set(["debian", "canonical", "redhat", "suse"]);
/** Their images' disk in GB. */
const IMAGE_GB = 30;

/** What a machine is ordered with fits together. */
export function checkMachine(machine: Resource, world: World): Refusal[] {
  const { inputs } = machine;
  const name = textAt(inputs, "hardwareProfile.vmSize");
  const size = name === undefined ? undefined : sizeOf(name);
  const absent = [
    "hardwareProfile.vmSize",
    "storageProfile",
    "networkProfile.networkInterfaces",
  ].filter((path) => missing(inputs, path));
  return [
    ...absent.map(required),
    ...(name !== undefined && size === undefined ? [unknownSize(name)] : []),
    ...(name !== undefined && size !== undefined ? checkFit(machine, name, size, world) : []),
    ...checkLogin(machine),
    ...checkImage(inputs),
    ...checkDisk(machine, world),
    ...checkNics(machine, world),
  ];
}

function unknownSize(name: string): Refusal {
  const message = `The value ${name} provided for the VM size is not valid. The valid sizes in the current region are: ${Object.keys(SIZES).join(",")}.`;
  return { path: "hardwareProfile.vmSize", code: "InvalidParameter", message };
}

/** The size against what it is to run: image, NICs and zone. */
function checkFit(machine: Resource, name: string, size: Size, world: World): Refusal[] {
  const { inputs } = machine;
  const path = "hardwareProfile.vmSize";
  const image = architectureOf(inputs);
  const refusals: Refusal[] = [];
  if (image !== undefined && image !== size.architecture) {
    const message = `Cannot create a VM of size '${name}' because this VM size only supports a CPU Architecture of '${size.architecture}', but an image or disk with CPU Architecture '${image}' was given. Please check that the CPU Architecture of the image or disk is compatible with that of the VM size.`;
    refusals.push({ path: "storageProfile.imageReference", code: "BadRequest", message });
  }
  const zones = textsAt(inputs, "zones");
  if (zones.length > 0 && !size.zones) {
    const location = textAt(inputs, "location") ?? "";
    const message = `The requested VM size for resource '${name}' is currently not available in location '${location}' zones '${zones.join(",")}'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details.`;
    refusals.push({ path: "zones", code: "SkuNotAvailable", message });
  }
  if (zones.length > 1) {
    const message = `Virtual machine '${ownName(machine)}' is in one zone; ${zones.join(",")} were given.`;
    refusals.push({ path: "zones", code: "InvalidParameter", message });
  }
  const accelerated = cardsOf(inputs)
    .map((id) => world.get(id))
    .filter((nic) => at(nic?.inputs, "enableAcceleratedNetworking") === true);
  if (accelerated.length > 0 && !size.acceleratedNetworking) {
    const allowed = Object.entries(SIZES).flatMap(([each, { acceleratedNetworking }]) =>
      acceleratedNetworking ? [each] : [],
    );
    const message = `Virtual Machine size ${name} is not in the allowed list of VM sizes for accelerated networking to be enabled on Network Interface ${accelerated[0]?.id ?? ""}. Allowed sizes: ${allowed.join(", ")}.`;
    refusals.push({ path, code: "VMSizeIsNotPermittedToEnableAcceleratedNetworking", message });
  }
  return refusals;
}

/** What an image's name says of its processor; nothing where it does not say. */
function architectureOf(inputs: unknown): Architecture | undefined {
  const part = (key: string): string =>
    textAt(inputs, `storageProfile.imageReference.${key}`)?.toLowerCase() ?? "";
  if (`${part("offer")} ${part("sku")}`.includes("arm64")) {
    return "Arm64";
  }
  return NAMED_BY_ARCHITECTURE.has(part("publisher")) && part("sku") !== "" ? "x64" : undefined;
}

/** An image is named whole, or by its id. */
function checkImage(inputs: unknown): Refusal[] {
  const path = "storageProfile.imageReference";
  const image = at(inputs, path);
  const created = textAt(inputs, "storageProfile.osDisk.createOption")?.toLowerCase();
  if (image === undefined || image === null) {
    return created === "attach" || missing(inputs, "storageProfile") ? [] : [required(path)];
  }
  const byId = ["id", "sharedGalleryImageId", "communityGalleryImageId"].some(
    (key) => !missing(image, key),
  );
  return image === UNKNOWN || byId
    ? []
    : ["publisher", "offer", "sku", "version"]
        .filter((key) => missing(image, key))
        .map((key) => required(`${path}.${key}`));
}

/** The system's disk: as large as the image, and a name that no other machine's disk has. */
function checkDisk(machine: Resource, world: World): Refusal[] {
  const { inputs } = machine;
  const refusals: Refusal[] = [];
  const path = "storageProfile.osDisk";
  if (!missing(inputs, path) && missing(inputs, `${path}.createOption`)) {
    refusals.push(required(`${path}.createOption`));
  }
  const gigabytes = numberAt(inputs, `${path}.diskSizeGB`);
  const publisher = textAt(inputs, "storageProfile.imageReference.publisher")?.toLowerCase() ?? "";
  if (
    gigabytes !== undefined &&
    gigabytes < IMAGE_GB &&
    (publisher === "debian" || publisher === "canonical")
  ) {
    const message = `The specified disk size ${gigabytes} GB is smaller than the size of the corresponding disk in the VM image: ${IMAGE_GB} GB. This is not allowed. Please choose equal or greater size or do not specify an explicit size.`;
    refusals.push({ path: `${path}.diskSizeGB`, code: "OperationNotAllowed", message });
  }
  const name = textAt(inputs, `${path}.name`);
  const taken = beside(machine, world).some(
    (other) =>
      groupOf(other.id) === groupOf(machine.id) &&
      textAt(other.inputs, `${path}.name`)?.toLowerCase() === name?.toLowerCase(),
  );
  if (name !== undefined && taken) {
    const message = `Disk '${name}' already exists in resource group '${nameOf(groupOf(machine.id))}'. Only CreateOption.Attach is supported.`;
    refusals.push({ path: `${path}.name`, code: "ConflictingUserInput", message });
  }
  return refusals;
}

/** A NIC belongs to one machine; of several one is the first. */
function checkNics(machine: Resource, world: World): Refusal[] {
  const path = "networkProfile.networkInterfaces";
  const nics = listAt(machine.inputs, path);
  const first = nics.filter((nic) => at(nic, "primary") === true).length;
  const known = nics.every((nic) => at(nic, "primary") !== UNKNOWN);
  const taken = cardsOf(machine.inputs).flatMap((id) => {
    const holder = beside(machine, world).find((other) =>
      cardsOf(other.inputs).some((held) => sameResource(world, held, id)),
    );
    const message = `Network Interface ${id} is used by existing resource ${holder?.id ?? ""}. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.`;
    return holder === undefined ? [] : [{ path, code: "NicInUse", message }];
  });
  const message = `Virtual machine '${ownName(machine)}' must have one network interface set as the primary.`;
  return nics.length > 1 && known && first !== 1
    ? [...taken, { path, code: "VirtualMachineMustHaveOneNetworkInterfaceAsPrimary", message }]
    : taken;
}

function cardsOf(inputs: unknown): readonly string[] {
  return listAt(inputs, "networkProfile.networkInterfaces").flatMap((nic) => {
    const id = textAt(nic, "id");
    return id === undefined ? [] : [id];
  });
}

function beside(machine: Resource, world: World): Resource[] {
  return world.ofType(MACHINE).filter(({ id }) => id !== machine.id);
}
