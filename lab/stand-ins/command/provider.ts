/**
 * Stand-in for the `command` provider: `remote.Command` and `local.Command` with the official
 * fields and rules. A changed trigger replaces; any other change runs `update`, or `create` where
 * there is none; `delete` runs with what was stored.
 */
import { randomUUID } from "node:crypto";

import type {
  CheckResult,
  CreateResult,
  DiffResult,
  Provider,
  UpdateResult,
} from "@pulumi/pulumi/provider/index.js";

import type { Say } from "../shared/engine.ts";
import {
  changed,
  hasUnknown,
  refuseUnknown,
  typeOf,
  unwrap,
  type Properties,
} from "../shared/values.ts";
import { runLocal } from "./local.ts";
import type { Order, Outcome } from "./outcome.ts";
import { CONNECTION_FIELDS, runRemote, type Connection } from "./ssh.ts";

const REMOTE = "command:remote:Command";
const LOCAL = "command:local:Command";
const COMMON = [
  "addPreviousOutputInEnv",
  "create",
  "delete",
  "environment",
  "logging",
  "stdin",
  "triggers",
  "update",
];
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  [REMOTE]: [...COMMON, "connection"],
  [LOCAL]: [...COMMON, "dir", "interpreter"],
};

interface Inputs {
  readonly addPreviousOutputInEnv?: boolean;
  readonly connection?: Connection;
  readonly create?: string;
  readonly delete?: string;
  readonly dir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly interpreter?: readonly string[];
  readonly logging?: "none" | "stdout" | "stderr" | "stdoutAndStderr";
  readonly stdin?: string;
  readonly update?: string;
}

/** Serves the command types. */
export class CommandProvider implements Provider {
  readonly version = "1.2.1";
  private readonly cancelled = new AbortController();

  constructor(private readonly say: Say) {}

  check(urn: string, _olds: Properties, news: Properties): Promise<CheckResult> {
    const type = typeOf(urn);
    const given = unwrap(news["connection"]);
    // At a preview a connection that is not known yet stands as a text.
    const connection = (typeof given === "object" && given !== null ? given : {}) as Properties;
    const failures = [
      ...refuseUnknown(type, inputsOf(type), news),
      ...refuseUnknown(`${type}'s connection`, CONNECTION_FIELDS, connection),
    ];
    return Promise.resolve({ inputs: news, failures });
  }

  diff(_id: string, urn: string, olds: Properties, news: Properties): Promise<DiffResult> {
    const changes = changed(inputsOf(typeOf(urn)), olds, news);
    return Promise.resolve({
      changes: changes.length > 0 || hasUnknown(news),
      replaces: changes.includes("triggers") ? ["triggers"] : [],
    });
  }

  async create(urn: string, inputs: Properties): Promise<CreateResult> {
    const outcome = await this.run(urn, (unwrap(inputs) as Inputs).create, inputs, {});
    return { id: `${typeOf(urn)}-${randomUUID()}`, outs: { ...inputs, ...outcome } };
  }

  async update(
    _id: string,
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<UpdateResult> {
    const { update, create } = unwrap(news) as Inputs;
    const outcome = await this.run(urn, update ?? create, news, olds);
    return { outs: { ...news, ...outcome } };
  }

  async delete(_id: string, urn: string, stored: Properties): Promise<void> {
    await this.run(urn, (unwrap(stored) as Inputs).delete, stored, stored);
  }

  /** The engine was told to stop: what runs is ended. */
  cancel(): Promise<void> {
    this.cancelled.abort();
    return Promise.resolve();
  }

  private async run(
    urn: string,
    command: string | undefined,
    properties: Properties,
    previous: Properties,
  ): Promise<Outcome> {
    const inputs = unwrap(properties) as Inputs;
    const before = unwrap(previous) as Partial<Outcome>;
    if (command === undefined) {
      return { stdout: before.stdout ?? "", stderr: before.stderr ?? "" };
    }
    const logging = inputs.logging ?? "stdoutAndStderr";
    const order: Order = {
      command,
      stdin: inputs.stdin,
      environment: {
        ...inputs.environment,
        ...(inputs.addPreviousOutputInEnv === false || before.stdout === undefined
          ? {}
          : {
              PULUMI_COMMAND_STDOUT: before.stdout,
              PULUMI_COMMAND_STDERR: before.stderr ?? "",
            }),
      },
      onLine: (stream, line) => {
        if (logging === stream || logging === "stdoutAndStderr") {
          this.say(urn, line);
        }
      },
      signal: this.cancelled.signal,
    };
    const say = (message: string): void => {
      this.say(urn, message);
    };
    return typeOf(urn) === REMOTE
      ? runRemote(inputs.connection as Connection, order, say)
      : runLocal(inputs, order);
  }
}

function inputsOf(type: string): readonly string[] {
  const inputs = INPUTS[type];
  if (inputs === undefined) {
    throw new Error(`the lab's stand-in for the command provider does not support ${type}`);
  }
  return inputs;
}
