/** Commands on other machines, over one SSH connection each. */
import type { Client, ClientChannel } from "ssh2";

import { placeOf, type Connection } from "./connection.ts";
import { dial, type Dialling } from "./dial.ts";
import { settleEnvironment } from "./environment.ts";
import { Output, type Order, type Outcome } from "./outcome.ts";

/** Milliseconds that a command has to end by itself once told to. */
const GRACE = 2000;

/**
 * Runs a command on another machine.
 *
 * @throws FinalError when the machine is not the one it should be
 * @throws Error after `dialErrorLimit` failed dials, or when the command fails or is told to stop
 */
export async function runRemote(
  connection: Connection,
  order: Order,
  pause?: Dialling["pause"],
): Promise<Outcome> {
  const { say, signal } = order;
  const place = placeOf(connection);
  const client = await dial(connection, { say, signal, ...(pause === undefined ? {} : { pause }) });
  try {
    const env = await settleEnvironment(client, place, order);
    return await execute(client, place, order, env);
  } finally {
    client.end();
  }
}

function execute(
  client: Client,
  place: string,
  order: Order,
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const output = new Output(order);
  return new Promise((resolve, reject) => {
    let lost = "the connection was lost";
    let channel: ClientChannel | undefined;
    let ended: { code: number | null; signal?: string } | undefined;

    // Without a terminal a server lets a command run on when its client goes: it has to be told.
    // What ignores that, or is root's, is left with closed pipes, which end it when it next prints.
    const stop = (): void => {
      if (channel !== undefined) {
        terminate(channel);
      }
      setTimeout(
        () => {
          client.destroy();
        },
        channel === undefined ? 0 : GRACE,
      ).unref();
    };
    const finish = (): void => {
      order.signal.removeEventListener("abort", stop);
      if (order.signal.aborted) {
        reject(output.failure(place, "was cancelled"));
      } else if (ended?.code === 0) {
        resolve(output.end());
      } else if (ended === undefined) {
        reject(output.failure(place, `was cut off: ${lost}`));
      } else {
        const how = ended.signal ?? `exit code ${ended.code ?? "unknown"}`;
        reject(output.failure(place, `failed with ${how}`));
      }
    };

    client.on("error", (error) => {
      lost = error.message;
    });
    client.once("close", finish);
    order.signal.addEventListener("abort", stop, { once: true });
    if (order.signal.aborted) {
      stop();
      return;
    }
    client.exec(order.command, { env: { ...env } }, (error, opened) => {
      if (error !== undefined) {
        reject(new Error(`${place}: the server refuses to run the command: ${error.message}`));
        return;
      }
      channel = opened;
      channel.setEncoding("utf8");
      channel.stderr.setEncoding("utf8");
      channel.on("data", (part: string) => {
        output.add("stdout", part);
      });
      channel.stderr.on("data", (part: string) => {
        output.add("stderr", part);
      });
      channel.on("exit", (code: number | null, signal?: string) => {
        ended = signal === undefined ? { code } : { code, signal };
      });
      channel.on("close", finish);
      // A command that ends without reading its input closes the channel early: no error of ours.
      channel.on("error", () => undefined);
      channel.end(order.stdin ?? "");
    });
  });
}

/**
 * Sends SIGTERM to a command. The library's own `signal` does nothing once the standard input has
 * ended, which is how commands run here, though the protocol allows it until the channel closes.
 */
function terminate(channel: ClientChannel): void {
  const { outgoing, _client } = channel as unknown as {
    outgoing: { id: number; state: string };
    _client: { _protocol: { signal: (channel: number, name: string) => void } };
  };
  if (outgoing.state === "open" || outgoing.state === "eof") {
    _client._protocol.signal(outgoing.id, "TERM");
  }
}
