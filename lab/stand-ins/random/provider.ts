/**
 * Stand-in for `RandomPassword` of the `random` provider: the official fields, and the rule that any
 * change of an input makes a new value. Other types and fields are refused by name.
 *
 * Not supported: `bcryptHash`, which stays without a value.
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
import { password, passwordProblem, type PasswordRules } from "./password.ts";

const PASSWORD = "random:index/randomPassword:RandomPassword";
const REQUIRED = ["length"];
/** Optional fields; undefined for no default. */
const OPTIONAL: Properties = {
  keepers: undefined,
  lower: true,
  minLower: 0,
  minNumeric: 0,
  minSpecial: 0,
  minUpper: 0,
  // `number` is the old name of `numeric`; either may be given, both are shown.
  number: undefined,
  numeric: undefined,
  overrideSpecial: undefined,
  special: true,
  upper: true,
};

/** Serves random passwords. */
export class RandomProvider implements Provider {
  readonly version = "4.21.2";

  check(urn: string, inputs: Properties): Problem[] {
    refuseOthers(urn);
    const problems = [
      ...refuseUnknown(PASSWORD, [...REQUIRED, ...Object.keys(OPTIONAL)], inputs),
      ...refuseMissing(PASSWORD, REQUIRED, inputs),
    ];
    // Rules are about several inputs: with one of them unknown there is nothing to say yet.
    if (problems.length > 0 || hasUnknown(inputs)) {
      return problems;
    }
    const reason = passwordProblem(rulesOf(inputs));
    return reason === undefined ? [] : [{ property: "length", reason }];
  }

  diff(urn: string, oldInputs: Properties, inputs: Properties): PlannedChange[] {
    refuseOthers(urn);
    return differences(oldInputs, inputs).map((change) => ({ ...change, replaces: true }));
  }

  create(urn: string, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    refuseOthers(urn);
    const rules = rulesOf(inputs);
    const { numeric } = rules;
    const made = { result: secret(password(rules)), numeric, number: numeric };
    return Promise.resolve({ id: "none", outputs: { ...OPTIONAL, ...inputs, ...made } });
  }

  update(urn: string): Promise<Properties> {
    return Promise.reject(new Error(`${typeOf(urn)} is never updated: every change replaces it`));
  }

  /** There is nothing but the state to remove. */
  delete(): Promise<void> {
    return Promise.resolve();
  }

  invoke(token: string): Promise<never> {
    return Promise.reject(unsupported(token));
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }
}

/** @throws Error for every type but that of passwords */
function refuseOthers(urn: string): void {
  if (typeOf(urn) !== PASSWORD) {
    throw unsupported(typeOf(urn));
  }
}

function unsupported(token: string): Error {
  return new Error(`the lab's stand-in for the random provider does not support ${token}`);
}

/** The rules that inputs without envelopes make. */
function rulesOf(inputs: Properties): PasswordRules {
  const rules = unwrap(inputs) as PasswordRules & { number?: boolean };
  return { ...rules, numeric: rules.numeric ?? rules.number ?? true };
}
