/** What a policy is: a pure function over one declared resource. */

/** A resource as a program declares it. */
export interface Declared {
  /** Names the components it belongs to, by type; see `isPartOf`. */
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** What others refer to it by, where that is known. */
  readonly id?: string;
  /** Inputs. A secret value is a seal where the plan looks, and itself where the engine does. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A rule of the project that a resource may break. */
export interface Policy {
  /** Kebab-case; `pulumi` and the plan show it. */
  readonly name: string;
  /** The rule, as a sentence. */
  readonly description: string;
  /** What is wrong with a resource, each with its fix; nothing where all is well. */
  readonly check: (resource: Declared) => readonly string[];
}

/** A rule over all resources together. */
export interface StackPolicy {
  readonly name: string;
  readonly description: string;
  /** What is wrong, by the name of the resource. */
  readonly check: (
    resources: readonly Declared[],
  ) => readonly { readonly name: string; readonly message: string }[];
}

/** What single policies let certain components do, as the program's apps declare it (apps/app.ts). */
export interface Exemptions {
  /** Types of components whose pods may take ports of their nodes. */
  readonly nodePorts: readonly string[];
}

/** One broken rule. */
export interface Violation {
  readonly policy: string;
  readonly urn: string;
  readonly name: string;
  readonly message: string;
}

/** Every broken rule of some resources. */
export function violationsOf(
  policies: readonly Policy[],
  resources: readonly Declared[],
): Violation[] {
  return policies.flatMap((policy) =>
    resources.flatMap((resource) =>
      policy.check(resource).map((message) => ({
        policy: policy.name,
        urn: resource.urn,
        name: resource.name,
        message,
      })),
    ),
  );
}

/** Whether a component of a type holds the resource, however deep. */
export function isPartOf(resource: Declared, component: string): boolean {
  const types = resource.urn.split("::")[2] ?? "";
  return types.split("$").includes(component);
}
