/** SSH connections, made with patience and to the pinned host key alone. */
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import ssh2, { type Client, type ServerHostKeyAlgorithm } from "ssh2";

import {
  FinalError,
  fingerprint,
  loginTo,
  pinnedKey,
  placeOf,
  triesOf,
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
 * Refused logins before giving up, and the pause after one. A machine that boots refuses every user
 * for a moment (pam_nologin); a server bars who is refused over and over (PerSourcePenalties).
 */
const REFUSED_LOGINS = 3;
const REFUSED_PAUSE = 2000;

/** Key types by preference; a server shows the first that it has. */
const KEY_TYPES: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/**
 * Connects to a machine, through its proxy where there is one.
 *
 * @throws FinalError when the machine is not the one it should be or a key is unusable
 * @throws Error after `dialErrorLimit` failed dials or several refused logins
 */
export async function dial(connection: Connection, how: Dialling): Promise<Client> {
  if (connection.proxy === undefined) {
    return persist(connection, how, () => connect(connection, how.signal));
  }
  const { proxy } = connection;
  const hop = await persist(proxy, how, () => connect(proxy, how.signal));
  try {
    const client = await persist(connection, how, async () =>
      connect(connection, how.signal, await tunnel(hop, connection)),
    );
    client.once("close", () => {
      hop.end();
    });
    return client;
  } catch (error) {
    hop.destroy();
    throw error;
  }
}

async function persist(
  endpoint: Endpoint,
  { signal, say, pause = (time, signal) => delay(time, undefined, { signal }) }: Dialling,
  attempt: () => Promise<Client>,
): Promise<Client> {
  const place = placeOf(endpoint);
  const limit = triesOf(endpoint);
  const started = performance.now();
  let refused = 0;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof FinalError) {
        throw error;
      }
      const isRefused = levelOf(error) === "client-authentication";
      refused += isRefused ? 1 : 0;
      const why = isRefused
        ? `the login as ${endpoint.user ?? "root"} is refused`
        : (error as Error).message;
      if (!signal.aborted && (tries >= limit || refused >= REFUSED_LOGINS)) {
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        const count = tries === 1 ? "1 try" : `${tries} tries`;
        throw new Error(
          `${place} cannot be reached over SSH: ${count} in ${seconds} s, the last: ${why}`,
        );
      }
      const of = limit === Infinity ? "" : ` of ${limit}`;
      say(`waiting for SSH on ${place} (try ${tries}${of}): ${why}`);
      const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** (tries - 1));
      await pause(isRefused ? Math.max(REFUSED_PAUSE, grown) : grown, signal).catch(
        () => undefined,
      );
      if (signal.aborted) {
        throw new Error(`${place}: cancelled after ${tries} tries, the last: ${why}`);
      }
    }
  }
}

function connect(endpoint: Endpoint, signal: AbortSignal, sock?: Duplex): Promise<Client> {
  const login = loginTo(endpoint);
  const pinned = pinnedKey(endpoint)?.getPublicSSH();
  const pinnedType = pinnedKey(endpoint)?.type;
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let offered: Buffer | undefined;
    const stop = (): void => {
      client.destroy();
      reject(new Error("cancelled"));
    };
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener("abort", stop, { once: true });
    client.once("ready", () => {
      signal.removeEventListener("abort", stop);
      resolve(client);
    });
    // Errors after this one say nothing more, yet unheard ones would end the process.
    client.on("error", (error) => {
      signal.removeEventListener("abort", stop);
      client.destroy();
      reject(
        pinned !== undefined && offered !== undefined && !offered.equals(pinned)
          ? new FinalError(
              `${placeOf(endpoint)} shows the host key ${fingerprint(offered)}, expected is ` +
                `${fingerprint(pinned)}: refused. Either the machine was made anew, or another ` +
                "one answers in its place.",
            )
          : error,
      );
    });
    client.once("close", () => {
      signal.removeEventListener("abort", stop);
      reject(new Error("the connection was closed before the login"));
    });
    client.on("keyboard-interactive", (_name, _text, _language, prompts, finish) => {
      finish(prompts.map(() => endpoint.password ?? ""));
    });
    client.connect({
      ...login,
      ...(sock === undefined ? {} : { sock }),
      hostVerifier: (key: Buffer) => {
        offered = key;
        return pinned === undefined || key.equals(pinned);
      },
      algorithms: { serverHostKey: preferring(pinnedType) },
    });
    // Many small messages that wait for each other: without this each waits for the last's receipt.
    client.setNoDelay(true);
  });
}

/** All types, so that another key is seen and named; the pinned one first, so that it is shown. */
function preferring(type: string | undefined): ServerHostKeyAlgorithm[] {
  const isPinned = (candidate: string): boolean =>
    candidate === type || (type === "ssh-rsa" && candidate.startsWith("rsa-"));
  return [
    ...KEY_TYPES.filter((candidate) => isPinned(candidate)),
    ...KEY_TYPES.filter((candidate) => !isPinned(candidate)),
  ];
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

function levelOf(error: unknown): unknown {
  return (error as { level?: unknown }).level;
}
