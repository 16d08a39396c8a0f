/** Messages to the engine that started the plugin, shown beside the resource they are about. */
import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

/** Says something about a resource; an empty URN means the plugin as a whole. */
export type Say = (urn: string, message: string) => void;

/** The engine as one that listens. */
export interface Listener {
  /** Shown while the resource is at work, as the official providers show a command's output. */
  readonly say: Say;
  readonly warn: Say;
  /** Resolves once everything said so far has been handed over. */
  readonly flush: () => Promise<void>;
}

interface Message {
  readonly urn: string;
  readonly isWarning: boolean;
  text: string;
}

/**
 * The engine at an address; without one (a test), nobody listens.
 *
 * Messages are handed over one at a time, as parallel calls would arrive in any order. What is said
 * meanwhile about the same resource goes together with the next call.
 */
export function listenerAt(address: string | undefined): Listener {
  if (address === undefined) {
    return { say: () => undefined, warn: () => undefined, flush: () => Promise.resolve() };
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
  const add = (urn: string, text: string, isWarning: boolean): void => {
    const last = waiting.at(-1);
    if (last?.urn === urn && last.isWarning === isWarning) {
      last.text += `\n${text}`;
    } else {
      waiting.push({ urn, isWarning, text });
    }
    handingOver ??= handOver();
  };
  return {
    say: (urn, text) => {
      add(urn, text, false);
    },
    warn: (urn, text) => {
      add(urn, text, true);
    },
    flush: () => handingOver ?? Promise.resolve(),
  };
}

/** The way to say something to the engine at an address. */
export function sayTo(address: string | undefined): Say {
  return listenerAt(address).say;
}

function send(client: engineGrpc.EngineClient, message: Message): Promise<void> {
  const request = new engine.LogRequest();
  request.setUrn(message.urn);
  request.setSeverity(message.isWarning ? engine.LogSeverity.WARNING : engine.LogSeverity.INFO);
  request.setEphemeral(!message.isWarning);
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
