/**
 * Stand-in for the commands of the `command` provider with the official fields and rules: a changed
 * trigger replaces; any other change, that of the connection included, runs `update`, or `create`
 * where there is none; `delete` runs with what was stored.
 *
 * Deviations: the environment that an SSH server refuses is found by reading it; an error
 * shows the last 6000 characters that a command printed; a cancelled local command ends with all that
 * it started. Not supported, and refused by name: copies of files, functions, `assetPaths`, `archivePaths`.
 */
import { randomBytes } from "node:crypto";

import { differences, topOf } from "@fogline/pulumi-kit/difference";
import type { Listener } from "@fogline/pulumi-kit/messages";
import type { PlannedChange, Provider } from "@fogline/pulumi-kit/serve";
import {
  holdsSecret,
  nameOf,
  typeOf,
  unwrap,
  type Problem,
  type Properties,
} from "@fogline/pulumi-kit/values";

import type { Connection } from "./connection.ts";
import { checkInputs, REMOTE, shownBy, unsupported, type CommandInputs } from "./fields.ts";
import { runLocal } from "./local.ts";
import type { Outcome } from "./outcome.ts";
import { runRemote } from "./session.ts";

/** Serves the command types. */
export class CommandProvider implements Provider {
  readonly version = "1.2.1";
  private readonly cancelled = new AbortController();

  constructor(private readonly engine: Pick<Listener, "say" | "warn" | "flush">) {}

  check(urn: string, inputs: Properties): Problem[] {
    return checkInputs(typeOf(urn), inputs);
  }

  diff(_urn: string, oldInputs: Properties, inputs: Properties): PlannedChange[] {
    const seen = new Set<string>();
    return differences(oldInputs, inputs).flatMap((change) => {
      // Fields inside a secret are not distinguished: the whole property has changed.
      const top = topOf(change.path);
      const hidden = holdsSecret(oldInputs[top]) || holdsSecret(inputs[top]);
      const path = hidden ? top : change.path;
      const kind = hidden && top !== change.path ? "update" : change.kind;
      if (seen.has(path)) {
        return [];
      }
      seen.add(path);
      return [{ path, kind, replaces: top === "triggers" }];
    });
  }

  async create(urn: string, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    const id = `${nameOf(urn)}${randomBytes(4).toString("hex")}`;
    const { create } = unwrap(inputs) as CommandInputs;
    const outcome = await this.run(urn, create, inputs, {});
    return { id, outputs: { ...inputs, ...outcome } };
  }

  async update(urn: string, olds: Properties, inputs: Properties): Promise<Properties> {
    const { update, create } = unwrap(inputs) as CommandInputs;
    const outcome = await this.run(urn, update ?? create, inputs, olds);
    return { ...inputs, ...outcome };
  }

  async delete(urn: string, outputs: Properties): Promise<void> {
    const stored = unwrap(outputs) as CommandInputs;
    await this.run(urn, stored.delete, outputs, outputs);
  }

  invoke(token: string): Promise<never> {
    return Promise.reject(unsupported(token));
  }

  /** The engine was stopped or is gone: connections are not retried, and remote commands continue. */
  cancel(): Promise<void> {
    this.cancelled.abort();
    return Promise.resolve();
  }

  private async run(
    urn: string,
    command: string | undefined,
    properties: Properties,
    previousOutputs: Properties,
  ): Promise<Outcome> {
    const inputs = unwrap(properties) as CommandInputs;
    const { stdout = "", stderr = "" } = unwrap(previousOutputs) as Partial<Outcome>;
    if (command === undefined) {
      return { stdout, stderr };
    }
    const order = {
      command,
      stdin: inputs.stdin,
      environment: inputs.environment ?? {},
      previous:
        inputs.addPreviousOutputInEnv === false
          ? {}
          : {
              ...(stdout === "" ? {} : { PULUMI_COMMAND_STDOUT: stdout }),
              ...(stderr === "" ? {} : { PULUMI_COMMAND_STDERR: stderr }),
            },
      shown: shownBy(inputs),
      say: (line: string) => {
        this.engine.say(urn, line);
      },
      warn: (message: string) => {
        this.engine.warn(urn, message);
      },
      signal: this.cancelled.signal,
    };
    try {
      return await (typeOf(urn) === REMOTE
        ? runRemote(inputs.connection as Connection, order)
        : runLocal(inputs, order));
    } finally {
      // All that it printed is out when it ends.
      await this.engine.flush();
    }
  }
}
