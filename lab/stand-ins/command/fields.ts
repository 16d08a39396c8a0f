/** The official fields of the commands of the `command` package, and what is wrong with some. */
import {
  hasUnknown,
  isObject,
  unwrap,
  type Problem,
  type Properties,
} from "@fogline/pulumi-kit/values";

import { refuseMissing, refuseUnknown } from "../refusals.ts";
import { checkConnection, type Connection } from "./connection.ts";
import type { Stream } from "./outcome.ts";

export const REMOTE = "command:remote:Command";
const LOCAL = "command:local:Command";

/** Inputs of a command, without envelopes. */
export interface CommandInputs {
  readonly addPreviousOutputInEnv?: boolean;
  readonly connection?: Connection;
  readonly create?: string;
  readonly delete?: string;
  readonly dir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly interpreter?: readonly string[];
  readonly logging?: keyof typeof LOGGING;
  readonly stdin?: string;
  readonly update?: string;
}

/** The streams that each value of `logging` lets show. */
const LOGGING = {
  none: [],
  stdout: ["stdout"],
  stderr: ["stderr"],
  stdoutAndStderr: ["stdout", "stderr"],
} as const satisfies Record<string, readonly Stream[]>;

const COMMON = [
  ...["addPreviousOutputInEnv", "environment", "logging", "stdin"],
  ...["create", "delete", "triggers", "update"],
];
/** `archivePaths` and `assetPaths` are refused: collecting files is not supported. */
const HERE = ["dir", "interpreter"];

interface Contract {
  readonly fields: readonly string[];
  readonly required: readonly string[];
}

const CONTRACTS: Readonly<Record<string, Contract>> = {
  [REMOTE]: { fields: [...COMMON, "connection"], required: ["connection"] },
  [LOCAL]: { fields: [...COMMON, ...HERE], required: [] },
};

/** The error that refuses a type or function by name. */
export function unsupported(token: string): Error {
  return new Error(`the lab's stand-in for the command provider does not support ${token}`);
}

/**
 * Problems of the inputs of a command.
 *
 * @throws Error for a type that is not supported
 */
export function checkInputs(type: string, inputs: Properties): Problem[] {
  const contract = CONTRACTS[type];
  if (contract === undefined) {
    throw unsupported(type);
  }
  return [
    ...refuseUnknown(type, contract.fields, inputs),
    ...refuseMissing(type, contract.required, inputs),
    ...checkConnection(type, inputs["connection"]),
    ...checkLogging(inputs["logging"]),
    ...checkEnvironment(inputs["environment"]),
  ];
}

/** The streams of a command that may be shown. */
export function shownBy({ logging }: CommandInputs): readonly Stream[] {
  return LOGGING[logging ?? "stdoutAndStderr"];
}

function checkLogging(value: unknown): Problem[] {
  const logging = unwrap(value);
  const isFine =
    logging === undefined ||
    hasUnknown(logging) ||
    (typeof logging === "string" && logging in LOGGING);
  return isFine
    ? []
    : [{ property: "logging", reason: `must be one of ${Object.keys(LOGGING).join(", ")}` }];
}

function checkEnvironment(value: unknown): Problem[] {
  const environment = unwrap(value);
  return (isObject(environment) ? Object.entries(environment) : [])
    .filter(([, inner]) => typeof inner !== "string")
    .map(([name]) => ({ property: `environment.${name}`, reason: "must be a text" }));
}
