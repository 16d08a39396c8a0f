/**
 * Stand-in for the `random` provider: the same types and fields, the same rule that any change of
 * an input makes a new value. `RandomPassword` and `RandomId` are what programs here use; others are
 * refused by name.
 */
import { randomBytes } from "node:crypto";

import type {
  CheckResult,
  CreateResult,
  DiffResult,
  Provider,
} from "@pulumi/pulumi/provider/index.js";

import {
  changed,
  refuseUnknown,
  secret,
  typeOf,
  unwrap,
  type Properties,
} from "../shared/values.ts";
import { password, type PasswordRules } from "./password.ts";

const PASSWORD = "random:index/randomPassword:RandomPassword";
const STRING = "random:index/randomString:RandomString";
const ID = "random:index/randomId:RandomId";
const RULES = [
  "keepers",
  "length",
  "lower",
  "minLower",
  "minNumeric",
  "minSpecial",
  "minUpper",
  "numeric",
  "overrideSpecial",
  "special",
  "upper",
];
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  [PASSWORD]: RULES,
  [STRING]: RULES,
  [ID]: ["byteLength", "keepers", "prefix"],
};

/** Serves the random types. */
export class RandomProvider implements Provider {
  readonly version = "4.21.2";

  check(urn: string, _olds: Properties, news: Properties): Promise<CheckResult> {
    const type = typeOf(urn);
    return Promise.resolve({ inputs: news, failures: refuseUnknown(type, inputsOf(type), news) });
  }

  diff(_id: string, urn: string, olds: Properties, news: Properties): Promise<DiffResult> {
    const replaces = changed(inputsOf(typeOf(urn)), olds, news);
    return Promise.resolve({ changes: replaces.length > 0, replaces });
  }

  create(urn: string, inputs: Properties): Promise<CreateResult> {
    const type = typeOf(urn);
    const known = unwrap(inputs) as Record<string, unknown>;
    if (type === ID) {
      const bytes = randomBytes(Number(known["byteLength"]));
      const id = bytes.toString("base64url");
      const prefix = typeof known["prefix"] === "string" ? known["prefix"] : "";
      return Promise.resolve({
        id,
        outs: {
          ...inputs,
          b64Url: `${prefix}${id}`,
          b64Std: `${prefix}${bytes.toString("base64")}`,
          hex: `${prefix}${bytes.toString("hex")}`,
          dec: `${prefix}${BigInt(`0x${bytes.toString("hex") || "0"}`).toString()}`,
        },
      });
    }
    const result = password(known as unknown as PasswordRules);
    return Promise.resolve(
      type === PASSWORD
        ? { id: "none", outs: { ...inputs, result: secret(result) } }
        : { id: result, outs: { ...inputs, result } },
    );
  }
}

function inputsOf(type: string): readonly string[] {
  const inputs = INPUTS[type];
  if (inputs === undefined) {
    throw new Error(`the lab's stand-in for the random provider does not support ${type}`);
  }
  return inputs;
}
