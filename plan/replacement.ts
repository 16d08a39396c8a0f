/**
 * Which changes make a new resource, and why. Sources:
 * - azure-native: the provider's own rules, that is names in a resource's path, what Azure's
 *   specification calls create-only, and the provider's list of additions to it;
 * - what azure-native sends as an update and Azure refuses for a resource that exists
 *   (`PropertyChangeNotAllowed` and its kin): there, too, only a new resource has the new value;
 * - command, random: every input that their schemas mark;
 * - Kubernetes: the fields that the API server never changes (`@fogline/kubernetes-checks`); of
 *   the provider itself, what it takes for another cluster.
 */
import { replacementTest } from "@fogline/kubernetes-checks/immutable";

import type { Path } from "./changes.ts";
import type { Planned } from "./snapshot.ts";

interface Rule {
  /** Inputs, dotted, that the provider replaces the resource for. */
  readonly replaces: readonly string[];
  /** Inputs that Azure does not change in place, although the provider tries. */
  readonly refuses?: readonly string[];
}

const IN_GROUP = ["resourceGroupName"];

const AZURE: Readonly<Record<string, Rule>> = {
  "resources:ResourceGroup": { replaces: ["resourceGroupName", "location"] },
  "network:VirtualNetwork": { replaces: [...IN_GROUP, "virtualNetworkName", "location"] },
  "network:Subnet": {
    replaces: [...IN_GROUP, "virtualNetworkName", "subnetName"],
    // While a NIC is in it, which is always so here.
    refuses: ["addressPrefix", "addressPrefixes"],
  },
  "network:NetworkSecurityGroup": {
    replaces: [...IN_GROUP, "networkSecurityGroupName"],
    refuses: ["location"],
  },
  "network:PublicIPAddress": {
    replaces: [
      ...IN_GROUP,
      "publicIpAddressName",
      "location",
      "publicIPAddressVersion",
      "publicIPPrefix",
      "sku",
    ],
    refuses: ["publicIPAllocationMethod", "zones"],
  },
  "network:NetworkInterface": {
    replaces: [...IN_GROUP, "networkInterfaceName"],
    refuses: ["location"],
  },
  "compute:VirtualMachine": {
    replaces: [...IN_GROUP, "vmName", "location"],
    refuses: [
      "osProfile",
      "storageProfile.imageReference",
      "storageProfile.osDisk.name",
      "storageProfile.osDisk.createOption",
      "zones",
    ],
  },
  "compute:VirtualMachineExtension": {
    replaces: [...IN_GROUP, "vmName", "vmExtensionName"],
    refuses: ["location", "publisher", "type"],
  },
  "compute:Disk": {
    replaces: [...IN_GROUP, "diskName", "location"],
    refuses: ["creationData", "zones"],
  },
};

/** A type of Azure's that the table does not know: what holds for nearly all of them. */
const ANY_AZURE: Rule = { replaces: [...IN_GROUP, "location"], refuses: ["zones"] };

/** Inputs of the kubernetes provider that choose the cluster. */
const CLUSTER_CHOICE: readonly unknown[] = ["kubeconfig", "context", "cluster"];

/**
 * Why another input of the kubernetes provider makes it, and with it every object of the cluster,
 * anew; undefined where it does not.
 *
 * @param isKnown whether the new value is known before the update
 */
export function clusterReason(
  before: Planned,
  after: Planned,
  [input]: Path,
  isKnown: boolean,
): string | undefined {
  const [was, is] = [before, after].map(({ inputs }) => inputs["clusterIdentifier"]);
  const isIdentified = was !== undefined && is !== undefined;
  if (input === "clusterIdentifier" && isIdentified) {
    return "the kubernetes provider takes it for another cluster";
  }
  if (CLUSTER_CHOICE.includes(input) && !isKnown && !(isIdentified && was === is)) {
    return "the kubernetes provider cannot tell before apply whether it is the same cluster";
  }
  return undefined;
}

/** Why a change of the input at `path` makes a new resource; undefined where it does not. */
export function replacementReason(resource: Planned, path: Path): string | undefined {
  const [provider = ""] = resource.type.split(":");
  const dotted = path.filter((part) => !part.startsWith("[")).join(".");
  if (resource.replaceOnChanges.some((rule) => within(dotted, rule.replace(/\[.*$/, "")))) {
    return "the program or its SDK asks for a new one when this changes";
  }
  switch (provider) {
    case "azure-native":
      return azureReason(resource.type, dotted);
    case "random":
      return "a random value is made once; every input makes a new one";
    case "kubernetes":
      return kubernetesReason(resource, path);
    default:
      return undefined;
  }
}

function azureReason(type: string, path: string): string | undefined {
  const rule = AZURE[type.replace("azure-native:", "")] ?? ANY_AZURE;
  if (rule.replaces.some((replaced) => within(path, replaced))) {
    return "azure-native makes a new one when this changes";
  }
  return rule.refuses?.some((refused) => within(path, refused)) === true
    ? "Azure does not change this on one that exists: `pulumi up` is refused until it is replaced"
    : undefined;
}

function kubernetesReason(resource: Planned, path: Path): string | undefined {
  const { apiVersion, kind } = resource.inputs;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    return undefined;
  }
  const test = replacementTest({ apiVersion, kind });
  return test(path.map((part) => part.replaceAll(/[[\]]/g, "")))
    ? `Kubernetes never changes this field of a ${kind}`
    : undefined;
}

/** Whether a path is a rule's path, is below it, or is above it. */
function within(path: string, rule: string): boolean {
  return path === rule || path.startsWith(`${rule}.`) || rule.startsWith(`${path}.`);
}
