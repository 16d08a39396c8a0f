/** Commands on other machines, over one SSH connection each, to the pinned host key alone. */
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import ssh2, { type Client, type ConnectConfig } from "ssh2";

import { failure, Output, type Order, type Outcome } from "./outcome.ts";

/** The fields of the official connection that are supported. */
export interface Connection {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  /** The server's key as in authorized_keys: type and base64. */
  readonly hostKey?: string;
  /** Failed dials before giving up; -1 never gives up. */
  readonly dialErrorLimit?: number;
  /** Seconds that one dial may take. */
  readonly perDialTimeout?: number;
}

export const CONNECTION_FIELDS = [
  "host",
  "port",
  "user",
  "password",
  "privateKey",
  "privateKeyPassword",
  "hostKey",
  "dialErrorLimit",
  "perDialTimeout",
];

/** Defaults of the official provider. */
const DIAL_ERROR_LIMIT = 10;
const PER_DIAL_TIMEOUT = 15;
/** Longest pause between dials, milliseconds. */
const LONGEST_PAUSE = 5000;
/** Milliseconds of silence after which the other side is asked whether it lives; three times. */
const KEEPALIVE = 10_000;

/** Raised when the server shows another key than the pinned one; no use in dialling again. */
export class HostKeyError extends Error {}

/**
 * Runs a command on another machine.
 *
 * @throws HostKeyError when the machine is not the one it should be
 * @throws Error after `dialErrorLimit` failed dials, or when the command fails
 */
export async function runRemote(
  connection: Connection,
  order: Order,
  say: (message: string) => void,
): Promise<Outcome> {
  const client = await dial(connection, order.signal, say);
  try {
    return await execute(client, connection.host, order);
  } finally {
    client.end();
  }
}

async function dial(
  connection: Connection,
  signal: AbortSignal,
  say: (message: string) => void,
): Promise<Client> {
  const limit = connection.dialErrorLimit ?? DIAL_ERROR_LIMIT;
  const started = Date.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await connect(connection, signal);
    } catch (error) {
      const where = `${connection.host}:${connection.port ?? 22}`;
      if (error instanceof HostKeyError || signal.aborted) {
        throw error;
      }
      const why = (error as Error).message;
      if (limit >= 0 && tries >= Math.max(1, limit)) {
        const seconds = Math.round((Date.now() - started) / 1000);
        throw new Error(
          `${where} cannot be reached over SSH: ${tries} tries in ${seconds} s, the last: ${why}`,
        );
      }
      say(`waiting for SSH on ${where} (try ${tries}): ${why}`);
      await pause(Math.min(LONGEST_PAUSE, 500 * 2 ** (tries - 1)), undefined, { signal });
    }
  }
}

function connect(connection: Connection, signal: AbortSignal): Promise<Client> {
  const [keyType, keyText] = connection.hostKey?.trim().split(/\s+/) ?? [];
  const pinned = keyText === undefined ? undefined : Buffer.from(keyText, "base64");
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let offered: Buffer | undefined;
    const stop = (): void => {
      client.destroy();
      reject(new Error("cancelled"));
    };
    signal.addEventListener("abort", stop, { once: true });
    client.once("ready", () => {
      signal.removeEventListener("abort", stop);
      resolve(client);
    });
    client.on("error", (error) => {
      signal.removeEventListener("abort", stop);
      const mismatch = pinned !== undefined && offered !== undefined && !offered.equals(pinned);
      reject(
        mismatch
          ? new HostKeyError(
              `${connection.host} shows the host key ${fingerprint(offered as Buffer)}, not the ` +
                `pinned ${fingerprint(pinned)}: refused. Either the machine was made anew, or ` +
                "another one answers in its place.",
            )
          : error,
      );
    });
    const config: ConnectConfig = {
      host: connection.host,
      port: connection.port ?? 22,
      username: connection.user ?? "root",
      ...(connection.password === undefined ? {} : { password: connection.password }),
      ...(connection.privateKey === undefined ? {} : { privateKey: connection.privateKey }),
      ...(connection.privateKeyPassword === undefined
        ? {}
        : { passphrase: connection.privateKeyPassword }),
      readyTimeout: (connection.perDialTimeout ?? PER_DIAL_TIMEOUT) * 1000,
      keepaliveInterval: KEEPALIVE,
      hostVerifier: (key: Buffer) => {
        offered = key;
        return pinned === undefined || key.equals(pinned);
      },
      // A server has keys of several types: ask for the one that is pinned.
      ...(keyType === undefined || keyType === "ssh-rsa"
        ? {}
        : { algorithms: { serverHostKey: [keyType as ssh2.ServerHostKeyAlgorithm] } }),
    };
    client.connect(config);
  });
}

function execute(client: Client, host: string, order: Order): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const output = new Output(order.onLine);
    const stop = (): void => {
      // The server ends the command when its connection goes.
      client.destroy();
      reject(new Error(`${host}: the command was cancelled`));
    };
    order.signal.addEventListener("abort", stop, { once: true });
    client.once("error", reject);
    client.exec(order.command, { env: { ...order.environment } }, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      let ended: { code: number | null; signal?: string } | undefined;
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
      channel.on("close", () => {
        order.signal.removeEventListener("abort", stop);
        const outcome = output.end();
        if (ended?.code === 0) {
          resolve(outcome);
        } else if (ended === undefined) {
          reject(failure(host, "was cut off: the connection was lost", outcome));
        } else {
          const how = ended.signal ?? `exit code ${ended.code ?? "unknown"}`;
          reject(failure(host, `failed with ${how}`, outcome));
        }
      });
      channel.end(order.stdin ?? "");
    });
  });
}

function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
