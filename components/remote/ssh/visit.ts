/** One SSH connection to a machine, made only to see whether it can be made. */
import { createHash, createPrivateKey } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

import ssh2, { type Client, type ServerHostKeyAlgorithm } from "ssh2";

/** One SSH server and the way to log in: the fields of the command provider's connection. */
export interface End {
  readonly host: string;
  /** 22 by default. */
  readonly port?: number;
  /** `root` by default. */
  readonly user?: string;
  readonly privateKey?: string;
  /** The server's key: type and base64. */
  readonly hostKey?: string;
  /** Errors to bear before giving up; 10 by default, -1 for no limit. */
  readonly dialErrorLimit?: number;
  /** Seconds that one try may take; 15 by default. */
  readonly perDialTimeout?: number;
}

/** A machine, reached directly or through a jump host. */
export interface Way extends End {
  readonly proxy?: End;
}

/** Why a connection could not be made. */
export type FailureKind =
  /** No address for the name. */
  | "unresolved"
  /** Nothing listens at the port. */
  | "refused"
  /** No route, or no answer at all. */
  | "unreachable"
  /** The connection stands, and the server does not say that it speaks SSH. */
  | "silent"
  /** Another host key than the pinned one. */
  | "host-key"
  /** No host key of the pinned one's kind. */
  | "host-key-kind"
  /** The private key cannot be used. */
  | "key"
  /** The login is refused. */
  | "login"
  /** The login shell runs no command. */
  | "shell"
  /** The jump host does not open the way. */
  | "forward"
  /** Anything else; `detail` says what. */
  | "other";

export interface Failure {
  readonly kind: FailureKind;
  readonly end: End;
  /** Whether it is the jump host that failed. */
  readonly atProxy: boolean;
  readonly detail: string;
  /** Fingerprints of the key that was shown and of the pinned one. */
  readonly keys?: { readonly shown: string; readonly pinned: string };
}

class VisitError extends Error {
  constructor(
    readonly kind: FailureKind,
    detail: string,
    readonly keys?: Failure["keys"],
  ) {
    super(detail);
  }
}

/** Key types by preference; a server shows the first that it has. */
const KEY_TYPES: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/** What the login shell is asked to print. */
const MARK = "fogline looks";

/** What errors of sockets and of resolving say. */
const CODES: Readonly<Record<string, FailureKind>> = {
  ENOTFOUND: "unresolved",
  EAI_AGAIN: "unresolved",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ETIMEDOUT: "unreachable",
};

/**
 * Connects, checks the host key, logs in, has the shell say a word, and leaves.
 *
 * @param seconds that each server may take
 * @returns undefined where all is well
 */
export async function visit(way: Way, seconds: number): Promise<Failure | undefined> {
  const clients: Client[] = [];
  let at: End = way.proxy ?? way;
  try {
    const before = way.proxy === undefined ? undefined : await open(way.proxy, seconds);
    if (before !== undefined) {
      clients.push(before);
    }
    const sock = before === undefined ? undefined : await forward(before, way, seconds);
    at = way;
    const client = await open(way, seconds, sock);
    clients.push(client);
    await hearShell(client, seconds);
    return undefined;
  } catch (error) {
    const { kind, message, keys } =
      error instanceof VisitError ? error : new VisitError(kindOf(error), reasonOf(error));
    const end = kind === "forward" ? way : at;
    const atProxy = end !== way;
    return {
      kind,
      end,
      atProxy,
      detail: message,
      ...(keys === undefined ? {} : { keys }),
    };
  } finally {
    for (const client of clients.reverse()) {
      client.destroy();
    }
  }
}

/** A client that has logged in. */
async function open(end: End, seconds: number, sock?: Duplex): Promise<Client> {
  const privateKey = readable(end);
  const stream = sock ?? (await dial(end, seconds));
  const pinned = publicKeyOf(end);
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let shown: Buffer | undefined;
    let heard = false;
    const fail = (error: VisitError): void => {
      clearTimeout(timer);
      client.destroy();
      stream.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      fail(
        heard
          ? new VisitError("other", `the login is not done within ${seconds} s`)
          : new VisitError("silent", `within ${seconds} s`),
      );
    }, seconds * 1000);
    stream.on("data", () => {
      heard = true;
    });
    client.once("ready", () => {
      clearTimeout(timer);
      resolve(client);
    });
    // Later errors say nothing more, yet unheard ones would end the process.
    client.on("error", (error: Error & { level?: string }) => {
      fail(failureOf(error, end, shown, pinned, heard));
    });
    client.once("close", () => {
      fail(new VisitError(heard ? "other" : "silent", "it closes the connection"));
    });
    client.connect({
      sock: stream,
      username: end.user ?? "root",
      ...(privateKey === undefined ? {} : { privateKey }),
      authHandler: privateKey === undefined ? ["none"] : ["publickey"],
      readyTimeout: 0,
      hostVerifier: (key: Buffer) => {
        shown = key;
        return pinned === undefined || key.equals(pinned.blob);
      },
      algorithms: { serverHostKey: preferring(pinned?.type) },
    });
  });
}

function failureOf(
  error: Error & { level?: string },
  end: End,
  shown: Buffer | undefined,
  pinned: PublicKey | undefined,
  heard: boolean,
): VisitError {
  if (pinned !== undefined && shown !== undefined && !shown.equals(pinned.blob)) {
    const keys = { shown: fingerprint(shown), pinned: fingerprint(pinned.blob) };
    return new VisitError("host-key", "another host key", keys);
  }
  if (error.level === "client-authentication") {
    return new VisitError("login", `as ${end.user ?? "root"}`);
  }
  if (/no matching host key/.test(error.message)) {
    return new VisitError("host-key-kind", pinned?.type ?? "");
  }
  const kind = kindOf(error);
  return new VisitError(kind === "other" && !heard ? "silent" : kind, messageOf(error));
}

function dial({ host, port = 22 }: End, seconds: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new VisitError("unreachable", `no answer within ${seconds} s`));
    }, seconds * 1000);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function forward(hop: Client, { host, port = 22 }: End, seconds: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new VisitError("forward", `no answer within ${seconds} s`));
    }, seconds * 1000);
    hop.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
      clearTimeout(timer);
      if (error === undefined) {
        resolve(channel);
      } else {
        reject(new VisitError("forward", messageOf(error)));
      }
    });
  });
}

/** A login shell that ends, or asks something, before it comes to the command runs no step either. */
function hearShell(client: Client, seconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new VisitError("shell", `it ran no command within ${seconds} s`));
    }, seconds * 1000);
    const end = (error?: VisitError): void => {
      clearTimeout(timer);
      if (error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    };
    client.once("close", () => {
      end(new VisitError("other", "the connection was lost"));
    });
    client.exec(`echo '${MARK}'`, (error, channel) => {
      if (error !== undefined) {
        end(new VisitError("shell", messageOf(error)));
        return;
      }
      let printed = "";
      channel.setEncoding("utf8");
      channel.on("data", (part: string) => {
        printed += part;
      });
      channel.stderr.resume();
      channel.once("close", () => {
        end(printed.includes(MARK) ? undefined : new VisitError("shell", "it ran no command"));
      });
      channel.end();
    });
  });
}

interface PublicKey {
  readonly type: string;
  readonly blob: Buffer;
}

function publicKeyOf({ hostKey }: End): PublicKey | undefined {
  const [type, base64] = hostKey?.trim().split(/\s+/) ?? [];
  return type === undefined || base64 === undefined
    ? undefined
    : { type, blob: Buffer.from(base64, "base64") };
}

/** The private key in a form that the library reads, which takes none of PKCS #8. */
function readable({ privateKey }: End): string | undefined {
  if (privateKey === undefined || !(ssh2.utils.parseKey(privateKey) instanceof Error)) {
    return privateKey;
  }
  try {
    const key = createPrivateKey(privateKey);
    const type = key.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1";
    return key.export({ type, format: "pem" }).toString();
  } catch (error) {
    throw new VisitError("key", messageOf(error));
  }
}

/** Fingerprint of a key as OpenSSH shows it. */
function fingerprint(blob: Buffer): string {
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString();
  const sum = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return `SHA256:${sum} (${type})`;
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

function kindOf(error: unknown): FailureKind {
  return CODES[(error as { code?: string }).code ?? ""] ?? "other";
}

/** What an error of a socket means. */
function reasonOf(error: unknown): string {
  const { code } = error as { code?: string };
  return code === "ETIMEDOUT"
    ? "no answer"
    : kindOf(error) === "unreachable"
      ? "no route to it"
      : messageOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
