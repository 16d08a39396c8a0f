/** How to reach a machine over SSH: the official fields, their defaults and what they may hold. */
import { createConnection } from "node:net";

import { isObject, unwrap, type Problem } from "@fogline/pulumi-kit/values";
import ssh2, { type ConnectConfig, type ParsedKey } from "ssh2";

import { refuseMissing, refuseUnknown } from "../refusals.ts";

/** One SSH server and the way to log in. */
export interface Endpoint {
  readonly host: string;
  /** 22 by default. */
  readonly port?: number;
  /** `root` by default. */
  readonly user?: string;
  readonly password?: string;
  /** Tried before the password. */
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  /** By default what SSH_AUTH_SOCK says. */
  readonly agentSocketPath?: string;
  /** The server's key as in authorized_keys: type and base64. Without it any key will do. */
  readonly hostKey?: string;
  /** Errors to bear before giving up; 10 by default, 0 for a single try, -1 for no limit. */
  readonly dialErrorLimit?: number;
  /** Seconds that one try may take, login included; 15 by default, 0 for no limit. */
  readonly perDialTimeout?: number;
}

/** A machine, reached directly or through a proxy. */
export interface Connection extends Endpoint {
  readonly proxy?: Endpoint;
}

const ENDPOINT_FIELDS = [
  "agentSocketPath",
  "dialErrorLimit",
  "host",
  "hostKey",
  "password",
  "perDialTimeout",
  "port",
  "privateKey",
  "privateKeyPassword",
  "user",
];

const DIAL_ERROR_LIMIT = 10;
/** Seconds that a connection may take to stand. */
export const PER_DIAL_TIMEOUT = 15;
/** Milliseconds of silence after which the other side is asked whether it lives; three times. */
const KEEPALIVE = 10_000;

/** Problems of a connection, as far as it is known. */
export function checkConnection(type: string, value: unknown): Problem[] {
  const connection = unwrap(value);
  return isObject(connection)
    ? [
        ...checkEndpoint(`${type}'s connection`, "connection", connection, ["proxy"]),
        ...(isObject(connection["proxy"])
          ? checkEndpoint(`${type}'s proxy`, "connection.proxy", connection["proxy"], [])
          : []),
      ]
    : [];
}

function checkEndpoint(
  what: string,
  path: string,
  endpoint: Record<string, unknown>,
  more: readonly string[],
): Problem[] {
  return [
    ...refuseUnknown(what, [...ENDPOINT_FIELDS, ...more], endpoint),
    ...refuseMissing(what, ["host"], endpoint),
  ].map(({ property, reason }) => ({ property: `${path}.${property}`, reason }));
}

/** Host and port as people write them. */
export function placeOf({ host, port }: Endpoint): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port ?? 22}`;
}

/** Errors that are borne, Infinity for no limit. */
export function limitOf({ dialErrorLimit }: Endpoint): number {
  const limit = dialErrorLimit ?? DIAL_ERROR_LIMIT;
  return limit < 0 ? Infinity : limit;
}

/**
 * The login as the SSH library takes it.
 *
 * @throws Error when the private key cannot be read, or no agent answers where SSH_AUTH_SOCK
 *   says, though the private key would do
 */
export async function loginTo(endpoint: Endpoint): Promise<ConnectConfig> {
  const { password, privateKey, privateKeyPassword } = endpoint;
  const agent = endpoint.agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
  if (privateKey !== undefined) {
    const parsed = ssh2.utils.parseKey(privateKey, privateKeyPassword);
    if (parsed instanceof Error) {
      throw new Error("ssh: no key found");
    }
  }
  pinnedKey(endpoint);
  if (agent !== undefined && agent !== "") {
    await dialAgent(agent);
  }
  const ways = [
    ...(privateKey === undefined ? [] : (["publickey"] as const)),
    ...(password === undefined ? [] : (["password", "keyboard-interactive"] as const)),
    ...(agent === undefined || agent === "" ? [] : (["agent"] as const)),
  ];
  return {
    host: endpoint.host,
    port: endpoint.port ?? 22,
    username: endpoint.user ?? "root",
    ...(password === undefined ? {} : { password, tryKeyboard: true }),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(privateKeyPassword === undefined ? {} : { passphrase: privateKeyPassword }),
    ...(agent === undefined || agent === "" ? {} : { agent }),
    authHandler: ways.length === 0 ? ["none"] : [...ways],
    keepaliveInterval: KEEPALIVE,
  };
}

/**
 * The pinned host key, if there is one.
 *
 * @throws Error when it is no line of an authorized_keys file
 */
export function pinnedKey(endpoint: Endpoint): ParsedKey | undefined {
  if (endpoint.hostKey === undefined) {
    return undefined;
  }
  for (const line of endpoint.hostKey.split("\n").map((text) => text.trim())) {
    // Options may come before the key.
    const withoutOptions = /^(?:"[^"]*"|[^\s"])+\s+(.*)$/.exec(line)?.[1] ?? "";
    for (const candidate of line.startsWith("#") ? [] : [line, withoutOptions]) {
      const key = ssh2.utils.parseKey(candidate);
      if (!(key instanceof Error) && !key.isPrivateKey()) {
        return key;
      }
    }
  }
  throw new Error("failed to parse host key: ssh: no key found");
}

function dialAgent(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      const why = code === "ENOENT" ? "no such file or directory" : "connection refused";
      reject(new Error(`dial unix ${path}: connect: ${why}`));
    });
  });
}
