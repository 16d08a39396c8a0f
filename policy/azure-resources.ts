/** Policies of what is made in Azure. */
import type { Policy } from "./policy.ts";
import { at, textAt } from "./values.ts";

/**
 * Azure encrypts every managed disk at rest, with keys of its own unless others are named.
 * What a declaration can get wrong is a disk that is not managed, or encryption switched off.
 */
export const disksEncrypted: Policy = {
  name: "disks-encrypted",
  description: "Disks are managed disks, which Azure encrypts, and no encryption is switched off.",
  check: ({ type, inputs }) => {
    switch (type) {
      case "azure-native:compute:VirtualMachine":
        return [...diskOf(inputs, "storageProfile.osDisk"), ...dataDisks(inputs), ...host(inputs)];
      case "azure-native:compute:Disk":
      case "azure-native:compute:Snapshot":
        return at(inputs, "encryptionSettingsCollection.enabled") === false
          ? ["switches disk encryption off; remove encryptionSettingsCollection"]
          : [];
      default:
        return [];
    }
  },
};

function diskOf(inputs: unknown, path: string): string[] {
  return [
    ...(at(inputs, `${path}.managedDisk`) === undefined
      ? [`${path} is no managed disk, so nobody encrypts it; add managedDisk`]
      : []),
    ...(at(inputs, `${path}.encryptionSettings.enabled`) === false
      ? [`${path} switches encryption off; remove encryptionSettings`]
      : []),
  ];
}

function dataDisks(inputs: unknown): string[] {
  const disks = at(inputs, "storageProfile.dataDisks");
  return Array.isArray(disks)
    ? disks.flatMap((_, index) => diskOf(inputs, `storageProfile.dataDisks.${index}`))
    : [];
}

function host(inputs: unknown): string[] {
  return at(inputs, "securityProfile.encryptionAtHost") === false
    ? ["switches encryption at the host off; remove securityProfile.encryptionAtHost"]
    : [];
}

/** Tags that tell whose a resource is on the bill. */
export const REQUIRED_TAGS = ["project", "stack"] as const;

/** Types of the program that Azure gives tags; a part of another resource has none. */
const TAGGED = [
  "resources:ResourceGroup",
  "network:VirtualNetwork",
  "network:NetworkSecurityGroup",
  "network:PublicIPAddress",
  "network:NetworkInterface",
  "compute:VirtualMachine",
  "compute:Disk",
  "storage:StorageAccount",
  "keyvault:Vault",
].map((type) => `azure-native:${type}`);

export const resourcesTagged: Policy = {
  name: "resources-tagged",
  description: `Everything that Azure gives tags has ${REQUIRED_TAGS.join(" and ")}.`,
  check: ({ type, inputs }) => {
    const missing = REQUIRED_TAGS.filter((tag) => (textAt(inputs, `tags.${tag}`) ?? "") === "");
    return TAGGED.includes(type) && missing.length > 0
      ? [`has no tag ${missing.join(", ")}; add it to the resource's tags`]
      : [];
  },
};
