/**
 * Stand-in for the `random` provider: the official fields, and the rule that any change of an input
 * makes a new value. Types and fields that it does not have are refused by name.
 */
import { differences } from "@fogline/pulumi-kit/difference";
import type { PlannedChange, Provider } from "@fogline/pulumi-kit/serve";
import {
  hasUnknown,
  secret,
  typeOf,
  unwrap,
  type Problem,
  type Properties,
} from "@fogline/pulumi-kit/values";

import { refuseMissing, refuseUnknown } from "../refusals.ts";
import { KINDS, type Kind } from "./kinds.ts";

/** Serves the random types. */
export class RandomProvider implements Provider {
  readonly version = "4.21.2";

  check(urn: string, inputs: Properties): Problem[] {
    const type = typeOf(urn);
    const kind = kindOf(type);
    const fields = [...kind.required, ...Object.keys(kind.optional)];
    const problems = [
      ...refuseUnknown(type, fields, inputs),
      ...refuseMissing(type, kind.required, inputs),
    ];
    // Rules are about several inputs: with one of them unknown there is nothing to say yet.
    return problems.length > 0 || hasUnknown(inputs)
      ? problems
      : kind.problems(completed(kind, inputs));
  }

  diff(urn: string, oldInputs: Properties, inputs: Properties): PlannedChange[] {
    kindOf(typeOf(urn));
    return differences(oldInputs, inputs).map((change) => ({ ...change, replaces: true }));
  }

  create(urn: string, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    const kind = kindOf(typeOf(urn));
    const { id, outputs } = kind.make(completed(kind, inputs));
    const sealed = Object.entries(outputs).map(([key, value]) => [
      key,
      kind.secrets.includes(key) ? secret(value) : value,
    ]);
    return Promise.resolve({
      id,
      outputs: {
        ...kind.optional,
        ...inputs,
        ...(Object.fromEntries(sealed) as Record<string, unknown>),
      },
    });
  }

  update(urn: string): Promise<Properties> {
    return Promise.reject(new Error(`${typeOf(urn)} is never updated: every change replaces it`));
  }

  /** There is nothing but the state to remove. */
  delete(): Promise<void> {
    return Promise.resolve();
  }

  invoke(token: string): Promise<{ outputs: Properties; problems: readonly Problem[] }> {
    return Promise.reject(
      new Error(`the lab's stand-in for the random provider does not support ${token}`),
    );
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }
}

function kindOf(type: string): Kind {
  const kind = KINDS[type];
  if (kind === undefined) {
    throw new Error(`the lab's stand-in for the random provider does not support ${type}`);
  }
  return kind;
}

/** Inputs without envelopes, defaults filled in. */
function completed(kind: Kind, inputs: Properties): Properties {
  return { ...kind.optional, ...(unwrap(inputs) as Properties) };
}
