/**
 * The official types of the `random` package: fields, defaults, rules, and how a value is made.
 *
 * Not supported: seeds (a value made from a seed would not be the official one) and
 * `RandomPassword.bcryptHash`, which stays without a value.
 */
import { randomBytes, randomInt, randomUUID } from "node:crypto";

import type { Problem, Properties } from "@fogline/pulumi-kit/values";

import { password, passwordProblem, type PasswordRules } from "./password.ts";
import { pet } from "./pet.ts";

/** What is made: the id, and the outputs besides inputs and defaults. */
export interface Made {
  readonly id: string;
  readonly outputs: Properties;
}

/** One type. Inputs are without envelopes, defaults filled in; those of `problems` are known. */
export interface Kind {
  readonly required: readonly string[];
  /** Optional fields; undefined for no default. */
  readonly optional: Properties;
  /** Outputs to keep encrypted. */
  readonly secrets: readonly string[];
  readonly problems: (inputs: Properties) => Problem[];
  readonly make: (inputs: Properties) => Made;
}

const NONE: Pick<Kind, "secrets" | "problems"> = { secrets: [], problems: () => [] };

/** Longest range that the source of randomness covers. */
const WIDEST = 2 ** 48 - 1;

const TEXT = {
  required: ["length"],
  optional: {
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
  },
  problems: (inputs: Properties) => {
    const reason = passwordProblem(rulesOf(inputs));
    return reason === undefined ? [] : [{ property: "length", reason }];
  },
};

/** Every supported type by its token. */
export const KINDS: Readonly<Record<string, Kind>> = {
  "random:index/randomPassword:RandomPassword": {
    ...TEXT,
    secrets: ["result"],
    make: (inputs) => ({ id: "none", outputs: text(inputs).outputs }),
  },
  "random:index/randomString:RandomString": { ...NONE, ...TEXT, make: text },
  "random:index/randomId:RandomId": {
    ...NONE,
    required: ["byteLength"],
    optional: { keepers: undefined, prefix: undefined },
    problems: ({ byteLength }) => atLeast("byteLength", byteLength, 1),
    make: ({ byteLength, prefix }) => {
      const bytes = randomBytes(Number(byteLength));
      const start = typeof prefix === "string" ? prefix : "";
      const id = bytes.toString("base64url");
      return {
        id,
        outputs: {
          b64Url: `${start}${id}`,
          b64Std: `${start}${bytes.toString("base64")}`,
          hex: `${start}${bytes.toString("hex")}`,
          dec: `${start}${BigInt(`0x${bytes.toString("hex")}`).toString()}`,
        },
      };
    },
  },
  "random:index/randomPet:RandomPet": {
    ...NONE,
    required: [],
    optional: { keepers: undefined, length: 2, prefix: undefined, separator: "-" },
    problems: ({ length }) => atLeast("length", length, 1),
    make: ({ length, prefix, separator }) => {
      const words = pet(Number(length));
      const start = typeof prefix === "string" && prefix !== "" ? [prefix] : [];
      return { id: [...start, ...words].join(String(separator)), outputs: {} };
    },
  },
  "random:index/randomUuid:RandomUuid": {
    ...NONE,
    required: [],
    optional: { keepers: undefined },
    make: () => {
      const id = randomUUID();
      return { id, outputs: { result: id } };
    },
  },
  "random:index/randomInteger:RandomInteger": {
    ...NONE,
    required: ["max", "min"],
    optional: { keepers: undefined },
    problems: ({ min, max }) => {
      const width = Number(max) - Number(min);
      const isFine = Number.isSafeInteger(min) && Number.isSafeInteger(max) && width >= 0;
      return isFine && width < WIDEST
        ? []
        : [{ property: "min", reason: "min and max must be whole numbers, max no less than min" }];
    },
    make: ({ min, max }) => {
      const result = Number(min) + randomInt(Number(max) - Number(min) + 1);
      return { id: String(result), outputs: { result } };
    },
  },
  "random:index/randomBytes:RandomBytes": {
    ...NONE,
    required: ["length"],
    optional: { keepers: undefined },
    secrets: ["base64", "hex"],
    problems: ({ length }) => atLeast("length", length, 1),
    make: ({ length }) => {
      const bytes = randomBytes(Number(length));
      const outputs = { base64: bytes.toString("base64"), hex: bytes.toString("hex") };
      return { id: "none", outputs };
    },
  },
};

function text(inputs: Properties): Made {
  const rules = rulesOf(inputs);
  const result = password(rules);
  const numeric = rules.numeric ?? true;
  return { id: result, outputs: { result, numeric, number: numeric } };
}

function rulesOf(inputs: Properties): PasswordRules {
  const rules = inputs as unknown as PasswordRules & { number?: boolean };
  return { ...rules, numeric: rules.numeric ?? rules.number ?? true };
}

function atLeast(property: string, value: unknown, least: number): Problem[] {
  return Number.isInteger(value) && Number(value) >= least
    ? []
    : [{ property, reason: `must be a whole number, ${least} or more` }];
}
