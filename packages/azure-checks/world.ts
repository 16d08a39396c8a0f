/** What else there is: the resources beside the one that is checked. */
import { publishedType } from "./models.ts";
import { resourceId } from "./request.ts";
import { textAt, type Inputs } from "./values.ts";

export const GROUP = "azure-native:resources:ResourceGroup";
export const VNET = "azure-native:network:VirtualNetwork";
export const SUBNET = "azure-native:network:Subnet";
export const ROUTES = "azure-native:network:RouteTable";
export const ROUTE = "azure-native:network:Route";
export const RULES = "azure-native:network:NetworkSecurityGroup";
export const RULE = "azure-native:network:SecurityRule";
export const ADDRESS = "azure-native:network:PublicIPAddress";
export const NIC = "azure-native:network:NetworkInterface";
export const MACHINE = "azure-native:compute:VirtualMachine";
export const EXTENSION = "azure-native:compute:VirtualMachineExtension";

/** Stands for a subscription whose id is not known. */
export const NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000";

/** One resource, as declared or as it stands. */
export interface Resource {
  readonly id: string;
  /** Pulumi's type token. */
  readonly type: string;
  readonly inputs: Inputs;
}

/** The resources of a subscription. */
export interface World {
  /** Whether nothing else exists: then a reference to something that is not here is a mistake. */
  readonly complete: boolean;
  get(id: string): Resource | undefined;
  ofType(type: string): readonly Resource[];
}

/** A resource as a program declares it. */
export interface Declaration {
  readonly type: string;
  /** Name in the program. */
  readonly name: string;
  readonly inputs: Inputs;
  /** What others refer to it by, where that is not Azure's id (a mock engine makes up its own). */
  readonly id?: string;
}

/** The world of a program's declarations; what they refer to beyond it may exist already. */
export function declaredWorld(declarations: readonly Declaration[]): World & {
  /** In the order of the declarations. */
  readonly resources: readonly Resource[];
} {
  const resources = declarations.map(({ type, inputs }) => ({
    id: resourceId(type, inputs, NO_SUBSCRIPTION),
    type,
    inputs,
  }));
  const byId = new Map<string, Resource>();
  resources.forEach((resource, n) => {
    byId.set(resource.id, resource);
    const other = declarations[n]?.id;
    if (other !== undefined) {
      byId.set(other, resource);
    }
  });
  return {
    complete: false,
    resources,
    get: (id) => byId.get(id),
    ofType: (type) => resources.filter((resource) => resource.type === type),
  };
}

/** Whether two ids mean one resource: a program's engine may have another id for it than Azure. */
export function sameResource(world: World, a: string, b: string): boolean {
  return (world.get(a)?.id ?? a).toLowerCase() === (world.get(b)?.id ?? b).toLowerCase();
}

/** The own name of a resource. */
export function ownName({ type, inputs }: Pick<Resource, "type" | "inputs">): string {
  return textAt(inputs, publishedType(type)?.names.at(-1) ?? "") ?? "";
}

/** Last part of an id. */
export function nameOf(id: string): string {
  return id.split("/").at(-1) ?? "";
}

/** Id of the resource that an id stands under: of a subnet its network, of a machine its group. */
export function parentOf(id: string): string {
  const parts = id.split("/");
  return parts.length > 9 ? parts.slice(0, -2).join("/") : groupOf(id);
}

/** Id of the resource group of a resource id. */
export function groupOf(id: string): string {
  return id.split("/").slice(0, 5).join("/");
}

/** Azure's own name of a type, e.g. `Microsoft.Network/virtualNetworks/subnets`. */
export function officialType(type: string): string {
  const path = publishedType(type)?.path ?? "";
  const [, provider = ""] = path.split("/providers/");
  const parts = provider === "" ? ["Microsoft.Resources", "resourceGroups"] : provider.split("/");
  return parts.filter((part) => !part.startsWith("{")).join("/");
}
