/**
 * Environment variables of a remote command. A server takes only those that its AcceptEnv names,
 * and the SSH library does not tell which it refused: a look at the environment before the command
 * does, over the same connection.
 */
import type { Client } from "ssh2";

import type { Order } from "./outcome.ts";

type Variables = Readonly<Record<string, string>>;

/**
 * The variables to run an order with.
 *
 * @throws Error when the server does not take one of those that the program set
 */
export async function settleEnvironment(
  client: Client,
  place: string,
  order: Pick<Order, "environment" | "previous" | "warn">,
): Promise<Variables> {
  const wanted = { ...order.environment, ...order.previous };
  const names = Object.keys(wanted);
  if (names.length === 0) {
    return {};
  }
  const taken = await namesTaken(client, wanted);
  const refused = names.filter((name) => !taken.has(name));
  const wrong = refused.filter((name) => name in order.environment);
  if (wrong.length > 0) {
    throw new Error(
      `${place}: the server does not take ${wrong.join(", ")} from the environment: name it in ` +
        "AcceptEnv in its sshd_config, or set it within the command",
    );
  }
  if (refused.length > 0) {
    order.warn(
      `${place}: the server does not take ${refused.join(", ")} (AcceptEnv in its sshd_config); ` +
        "addPreviousOutputInEnv: false says that it need not",
    );
  }
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => taken.has(name)));
}

function namesTaken(client: Client, env: Variables): Promise<Set<string>> {
  return new Promise((resolve, reject) => {
    client.once("close", () => {
      reject(new Error("the connection was lost"));
    });
    client.exec("env", { env: { ...env } }, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      let text = "";
      channel.setEncoding("utf8");
      channel.on("data", (part: string) => {
        text += part;
      });
      channel.stderr.resume();
      channel.on("close", () => {
        const names = text.split("\n").map((line) => line.split("=", 1)[0] ?? "");
        resolve(new Set(names));
      });
      channel.end();
    });
  });
}
