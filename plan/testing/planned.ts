/** A resource as a program declares it, for tests. */
import type { Planned } from "../snapshot.ts";

/** A custom resource without options, but for what is given. */
export function planned(given: Partial<Planned>): Planned {
  const { type = "", name = "it" } = given;
  return {
    urn: `urn:pulumi:dev::fogline::${type}::${name}`,
    id: `${name}-id`,
    type,
    name,
    inputs: {},
    answers: [],
    custom: true,
    dependencies: [],
    propertyDependencies: {},
    protect: false,
    retainOnDelete: false,
    deleteBeforeReplace: false,
    ignoreChanges: [],
    replaceOnChanges: [],
    aliases: [],
    additionalSecretOutputs: [],
    ...given,
  };
}
