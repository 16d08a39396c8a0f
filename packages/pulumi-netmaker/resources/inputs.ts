/** Inputs of resources: the API's arguments, any part of which another resource may give. */
import type * as pulumi from "@pulumi/pulumi";

/** A value, at any depth of which an output may stand. */
export type Deep<T> = pulumi.Input<
  T extends readonly (infer Element)[] ? readonly Deep<Element>[] : T extends object ? Inputs<T> : T
>;

/** An object whose every field may be an output. */
export type Inputs<T> = { readonly [Key in keyof T]: Deep<NonNullable<T[Key]>> | Optional<T[Key]> };

type Optional<T> = undefined extends T ? undefined : never;
