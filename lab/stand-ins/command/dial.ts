/** SSH connections, opened as the official provider opens them, with its error messages. */
import { createConnection } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import ssh2, { type Client, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";

import {
  limitOf,
  loginTo,
  PER_DIAL_TIMEOUT,
  pinnedKey,
  placeOf,
  type Connection,
  type Endpoint,
} from "./connection.ts";

/** What dialling needs besides the connection. */
export interface Dialling {
  readonly signal: AbortSignal;
  /** Told what is waited for. */
  readonly say: (message: string) => void;
  /** Waits between tries, milliseconds; another one in tests. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** Pauses between tries, milliseconds: those of the official provider. */
const FIRST_PAUSE = 100;
const GROWTH = 1.5;
const LONGEST_PAUSE = 5000;

/**
 * Connects to a machine, through its proxy where there is one. Everything is tried again, also what
 * trying cannot mend; a server that takes the connection and says nothing is waited for without end.
 *
 * @throws Error when a key is unusable or the agent that SSH_AUTH_SOCK names does not answer, and
 *   after `dialErrorLimit` failed dials
 */
export async function dial(connection: Connection, how: Dialling): Promise<Client> {
  const { proxy } = connection;
  const login = await loginTo(connection);
  if (proxy === undefined) {
    return persist("Dial", connection, how, () => connect(connection, login));
  }
  const hopLogin = await loginTo(proxy);
  const hop = await persist("Dial proxy", proxy, how, () => connect(proxy, hopLogin));
  try {
    const sock = await persist("Dial from proxy", connection, how, () => tunnel(hop, connection));
    const client = await persist("Dial", connection, how, () => connect(connection, login, sock));
    client.once("close", () => {
      hop.end();
    });
    return client;
  } catch (error) {
    hop.destroy();
    throw new Error(`proxy: ${(error as Error).message}`);
  }
}

async function persist<T>(
  what: string,
  endpoint: Endpoint,
  { signal, say, pause = (time, signal) => delay(time, undefined, { signal }) }: Dialling,
  attempt: () => Promise<T>,
): Promise<T> {
  const limit = limitOf(endpoint);
  for (let failed = 0; ; failed += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) {
        throw new Error("context canceled");
      }
      if (failed >= limit) {
        throw new Error(`after ${failed} failed attempts: ${(error as Error).message}`);
      }
      say(`${what} ${failed + 1}/${limit === Infinity ? "inf" : limit} failed: retrying`);
      const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** failed);
      await pause(grown, signal).catch(() => {
        throw new Error("context canceled");
      });
    }
  }
}

function connect(endpoint: Endpoint, login: ConnectConfig, sock?: Duplex): Promise<Client> {
  const pinned = pinnedKey(endpoint);
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const { host, port = 22 } = endpoint;
    const stream = sock ?? createConnection({ host, port, noDelay: true });
    let connected = sock !== undefined;
    const timeout = (endpoint.perDialTimeout ?? PER_DIAL_TIMEOUT) * 1000;
    const fail = (error: Error): void => {
      clearTimeout(timer);
      client.destroy();
      stream.destroy();
      reject(error);
    };
    // The official provider bounds the connection alone, not what comes after it.
    const timer = setTimeout(() => {
      if (!connected && timeout > 0) {
        fail(new Error(`dial tcp ${placeOf(endpoint)}: i/o timeout`));
      }
    }, timeout);
    stream.once("connect", () => {
      connected = true;
      clearTimeout(timer);
    });
    let isOther = false;
    client.once("ready", () => {
      clearTimeout(timer);
      resolve(client);
    });
    // Later errors add nothing, but an error event without a listener would end the process.
    client.on("error", (error) => {
      fail(
        isOther
          ? new Error("ssh: handshake failed: ssh: host key mismatch")
          : official(error, endpoint, login, connected),
      );
    });
    client.once("close", () => {
      fail(new Error("ssh: handshake failed: EOF"));
    });
    client.on("keyboard-interactive", (_name, _text, _language, prompts, finish) => {
      finish(prompts.map(() => endpoint.password ?? ""));
    });
    client.connect({
      ...login,
      sock: stream,
      readyTimeout: 0,
      hostVerifier: (key: Buffer) => {
        isOther = pinned !== undefined && !key.equals(pinned.getPublicSSH());
        return !isOther;
      },
      // A pinned key's type is all that is asked for: a server without such a key has nothing to offer.
      ...(pinned === undefined ? {} : { algorithms: { serverHostKey: algorithmsOf(pinned.type) } }),
    });
  });
}

/** An error with the message of the official provider, which comes from Go's libraries. */
function official(
  error: Error & { level?: string; code?: string },
  endpoint: Endpoint,
  login: ConnectConfig,
  connected: boolean,
): Error {
  if (error.level === "client-authentication") {
    const methods = (login.authHandler as string[]).filter((method) => method !== "none");
    const tried = ["none", ...methods.map((method) => (method === "agent" ? "publickey" : method))];
    return new Error(
      "ssh: handshake failed: ssh: unable to authenticate, attempted methods " +
        `[${[...new Set(tried)].join(" ")}], no supported methods remain`,
    );
  }
  if (!connected) {
    const why = REASONS[error.code ?? ""] ?? error.message;
    return new Error(`dial tcp ${placeOf(endpoint)}: ${why}`);
  }
  return new Error(`ssh: handshake failed: ${error.message}`);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "connect: connection timed out",
  ENOTFOUND: "lookup: no such host",
};

function algorithmsOf(type: string): ServerHostKeyAlgorithm[] {
  // The official provider asks for the type's own name; servers sign no more with SHA-1.
  return type === "ssh-rsa" ? ["ssh-rsa"] : [type as ServerHostKeyAlgorithm];
}

function tunnel(hop: Client, { host, port }: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    hop.forwardOut("127.0.0.1", 0, host, port ?? 22, (error, channel) => {
      if (error === undefined) {
        resolve(channel);
      } else {
        reject(error);
      }
    });
  });
}
