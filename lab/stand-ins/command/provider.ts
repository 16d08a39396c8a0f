/**
 * Stand-in for the `command` provider with the official types, fields and rules: a changed trigger
 * replaces; any other change, that of the connection included, runs `update`, or `create` where
 * there is none; `delete` runs with what was stored.
 *
 * Deviations: the environment that an SSH server refuses is found by reading it; an error
 * shows the last 6000 characters that a command printed; a cancelled local command ends with all that
 * it started; copied files replace old ones by renaming. Not supported, and refused by name: `assetPaths`, `archivePaths`, `CopyFile`.
 */
import { randomBytes } from "node:crypto";

import { differences, topOf } from "@fogline/pulumi-kit/difference";
import type { Listener } from "@fogline/pulumi-kit/messages";
import type { PlannedChange, Provider } from "@fogline/pulumi-kit/serve";
import {
  assetKind,
  canonical,
  holdsSecret,
  nameOf,
  typeOf,
  unwrap,
  type Problem,
  type Properties,
} from "@fogline/pulumi-kit/values";

import type { Connection } from "./connection.ts";
import { copyToRemote, type Source } from "./copy.ts";
import { checkInputs, COPY, REMOTE, RUN, shownBy, type CommandInputs } from "./fields.ts";
import { runLocal } from "./local.ts";
import type { Outcome } from "./outcome.ts";
import { runRemote } from "./session.ts";

interface CopyInputs {
  readonly connection: Connection;
  readonly remotePath: string;
  readonly source: Readonly<Record<string, string>>;
}

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
    if (typeOf(urn) === COPY) {
      await this.copy(urn, inputs);
      return { id, outputs: inputs };
    }
    const { create } = unwrap(inputs) as CommandInputs;
    const outcome = await this.run(urn, typeOf(urn), create, inputs, {});
    return { id, outputs: { ...inputs, ...outcome } };
  }

  async update(urn: string, olds: Properties, inputs: Properties): Promise<Properties> {
    if (typeOf(urn) === COPY) {
      const isSame = ["source", "remotePath"].every(
        (key) => canonical(unwrap(olds[key])) === canonical(unwrap(inputs[key])),
      );
      if (!isSame) {
        await this.copy(urn, inputs);
      }
      return inputs;
    }
    const { update, create } = unwrap(inputs) as CommandInputs;
    const outcome = await this.run(urn, typeOf(urn), update ?? create, inputs, olds);
    return { ...inputs, ...outcome };
  }

  /** What was copied stays, as with the official provider. */
  async delete(urn: string, outputs: Properties): Promise<void> {
    if (typeOf(urn) !== COPY) {
      const stored = unwrap(outputs) as CommandInputs;
      await this.run(urn, typeOf(urn), stored.delete, outputs, outputs);
    }
  }

  async invoke(
    token: string,
    args: Properties,
  ): Promise<{ outputs: Properties; problems: readonly Problem[] }> {
    if (token !== RUN) {
      throw new Error(`the lab's stand-in for the command provider does not support ${token}`);
    }
    const problems = checkInputs(token, args);
    if (problems.length > 0) {
      return { outputs: {}, problems };
    }
    const { command } = unwrap(args) as { command: string };
    return { outputs: { ...args, ...(await this.run("", token, command, args, {})) }, problems };
  }

  /** The engine was stopped or is gone: connections are not retried, and remote commands continue. */
  cancel(): Promise<void> {
    this.cancelled.abort();
    return Promise.resolve();
  }

  private run(
    urn: string,
    type: string,
    command: string | undefined,
    properties: Properties,
    previousOutputs: Properties,
  ): Promise<Outcome> {
    const inputs = unwrap(properties) as CommandInputs;
    const { stdout = "", stderr = "" } = unwrap(previousOutputs) as Partial<Outcome>;
    if (command === undefined) {
      return Promise.resolve({ stdout, stderr });
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
    return this.work(() =>
      type === REMOTE ? runRemote(inputs.connection as Connection, order) : runLocal(inputs, order),
    );
  }

  private copy(urn: string, properties: Properties): Promise<void> {
    const { connection, remotePath, source } = unwrap(properties) as CopyInputs;
    const how = {
      signal: this.cancelled.signal,
      say: (message: string) => {
        this.engine.say(urn, message);
      },
    };
    return this.work(() => copyToRemote(connection, sourceOf(source), remotePath, how));
  }

  /** Does a piece of work, all of whose messages are out when it ends. */
  private async work<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } finally {
      await this.engine.flush();
    }
  }
}

function sourceOf(source: CopyInputs["source"]): Source {
  return assetKind(source) === "asset" && source["path"] === undefined
    ? { text: source["text"] ?? "" }
    : { path: source["path"] ?? "" };
}
