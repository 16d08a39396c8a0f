/** Commands on other machines, over one SSH connection each. */
import type { Client } from "ssh2";

import { placeOf, type Connection } from "./connection.ts";
import { dial, type Dialling } from "./dial.ts";
import { settleEnvironment } from "./environment.ts";
import { Output, type Order, type Outcome } from "./outcome.ts";

/**
 * Runs a command on another machine.
 *
 * @throws Error when a key is unusable, after `dialErrorLimit` failed dials, or when the command fails
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
    return await execute(client, order, env);
  } finally {
    client.end();
  }
}

function execute(
  client: Client,
  order: Order,
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const output = new Output(order);
  return new Promise((resolve, reject) => {
    let ended: { code: number | null; signal?: string } | undefined;
    // Cancellation has no effect: as with the official provider, the command runs to its end.
    const finish = (): void => {
      if (ended?.code === 0) {
        resolve(output.end());
      } else if (ended === undefined) {
        const why = "wait: remote command exited without exit status or exit signal";
        reject(output.failure(why, order.command));
      } else {
        const from = ended.signal === undefined ? "" : ` from signal ${ended.signal.slice(3)}`;
        reject(
          output.failure(`Process exited with status ${ended.code ?? 1}${from}`, order.command),
        );
      }
    };

    // What the end of the connection says is in `finish`; an error event without a listener would end the process.
    client.on("error", () => undefined);
    client.once("close", finish);
    client.exec(order.command, { env: { ...env } }, (error, channel) => {
      if (error !== undefined) {
        reject(new Error(`ssh: command ${order.command} failed: ${error.message}`));
        return;
      }
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
