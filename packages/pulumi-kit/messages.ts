/** Messages to the engine that started the plugin, shown beside the resource they are about. */
import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

/** Says something about a resource; an empty URN means the plugin as a whole. */
export type Say = (urn: string, message: string) => void;

/** What one operation on a resource says while it runs. */
export interface Log {
  /** Shown in the resource's status column only: what is waited for. */
  readonly status: (message: string) => void;
  /** As `status`, of what is amiss for the moment: a warning that does not last. */
  readonly statusWarning: (message: string) => void;
  readonly info: (message: string) => void;
  readonly warning: (message: string) => void;
}

/** The engine as one that listens. */
export interface Listener {
  /** Shown while the resource's operation runs, as the official providers show a command's output. */
  readonly say: Say;
  readonly warn: Say;
  /** @param urn the resource that messages are about; empty for the plugin as a whole */
  readonly log: (urn: string) => Log;
  /** Resolves once everything said so far has been handed over. */
  readonly flush: () => Promise<void>;
}

interface Message {
  readonly urn: string;
  readonly isWarning: boolean;
  /** Whether it is shown only while the resource's operation runs. */
  readonly isEphemeral: boolean;
  /** Whether what is said next about the same resource may be added to it: lines of one output. */
  readonly isOutput: boolean;
  text: string;
}

/**
 * The engine at an address. Without one (a test, a debugger) output is dropped, and what a log keeps
 * goes to stderr.
 *
 * Messages are handed over one at a time, as parallel calls would arrive in any order. Output that
 * comes meanwhile about the same resource goes together with the next call.
 */
export function listenerAt(address: string | undefined): Listener {
  if (address === undefined) {
    return {
      say: () => undefined,
      warn: () => undefined,
      log: () => TO_STDERR,
      flush: () => Promise.resolve(),
    };
  }
  const client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  const waiting: Message[] = [];
  let handingOver: Promise<void> | undefined;

  const handOver = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await send(client, next);
    }
    handingOver = undefined;
  };
  const add = (message: Message): void => {
    const last = waiting.at(-1);
    if (
      message.isOutput &&
      last?.isOutput === true &&
      last.urn === message.urn &&
      last.isWarning === message.isWarning
    ) {
      last.text += `\n${message.text}`;
    } else {
      waiting.push(message);
    }
    handingOver ??= handOver();
  };
  const adding =
    (kind: Pick<Message, "isWarning" | "isEphemeral" | "isOutput">): Say =>
    (urn, text) => {
      add({ ...kind, urn, text });
    };
  const lasting = { isEphemeral: false, isOutput: false };
  const passing = { isEphemeral: true, isOutput: false };
  const said = {
    status: adding({ ...passing, isWarning: false }),
    statusWarning: adding({ ...passing, isWarning: true }),
    info: adding({ ...lasting, isWarning: false }),
    warning: adding({ ...lasting, isWarning: true }),
  };
  return {
    say: adding({ isOutput: true, isEphemeral: true, isWarning: false }),
    warn: adding({ isOutput: true, isEphemeral: false, isWarning: true }),
    log: (urn) => ({
      status: said.status.bind(undefined, urn),
      statusWarning: said.statusWarning.bind(undefined, urn),
      info: said.info.bind(undefined, urn),
      warning: said.warning.bind(undefined, urn),
    }),
    flush: () => handingOver ?? Promise.resolve(),
  };
}

const TO_STDERR: Log = {
  status: () => undefined,
  statusWarning: () => undefined,
  info: (message) => process.stderr.write(`${message}\n`),
  warning: (message) => process.stderr.write(`warning: ${message}\n`),
};

/** The way to say something to the engine at an address. */
export function sayTo(address: string | undefined): Say {
  return listenerAt(address).say;
}

function send(client: engineGrpc.EngineClient, message: Message): Promise<void> {
  const request = new engine.LogRequest();
  request.setUrn(message.urn);
  request.setSeverity(message.isWarning ? engine.LogSeverity.WARNING : engine.LogSeverity.INFO);
  request.setEphemeral(message.isEphemeral);
  request.setMessage(message.text);
  return new Promise((resolve) => {
    client.log(request, (error) => {
      if (error !== null) {
        // The engine is gone or about to be: stderr is what it reads last.
        process.stderr.write(`${message.text}\n`);
      }
      resolve();
    });
  });
}
