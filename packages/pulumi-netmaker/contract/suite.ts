/**
 * What every part of the suite works with: a client of the server under test, raw calls beside it,
 * things of its own with names that no used server has, and their removal.
 */
import { randomBytes } from "node:crypto";

import { afterAll, expect } from "vitest";

import {
  NetmakerClient,
  NetmakerError,
  type Credentials,
  type Gateway,
  type Host,
  type Network,
  type Node,
} from "../api/index.ts";
import { exchange } from "../api/exchange.ts";
import { overlap, parseRange } from "../rules/ranges.ts";
import { registration } from "./registration.ts";
import { readTarget } from "./target.ts";

export { registration };

export const target = readTarget(process.env);

export function clientOf(credentials: Credentials): NetmakerClient {
  return new NetmakerClient({ url: target.url, ca: target.ca, credentials });
}

export const netmaker = clientOf(target.credentials);

/** An id that nothing on the server has. */
export const NOBODY = "11111111-2222-4333-8444-555555555555";

/** A name of this suite's: 5 to 32 characters that suit every resource. */
export function unique(stem: string): string {
  return `c-${randomBytes(4).toString("hex")}-${stem}`;
}

const removals: (() => Promise<unknown>)[] = [];

/** Has something removed after the file's last test, newest first. */
export function remove(removal: () => Promise<unknown>): void {
  removals.push(removal);
}

afterAll(async () => {
  const problems: unknown[] = [];
  for (const removal of removals.splice(0).reverse()) {
    await removal().catch((problem: unknown) => problems.push(problem));
  }
  if (problems.length > 0) {
    throw new AggregateError(problems, "the suite left something on the server");
  }
});

/** The refusal that a call ends in. */
export async function refusal(call: Promise<unknown>): Promise<NetmakerError> {
  const outcome = await call.then(
    () => "not refused",
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(NetmakerError);
  return outcome as NetmakerError;
}

/** What a refusal is to look like. */
export function refused(status: number, reason: string, field?: string): unknown {
  return expect.objectContaining({
    status,
    reason: expect.stringContaining(reason) as string,
    ...(field === undefined ? {} : { field }),
  });
}

export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** The body as JSON; undefined where it is not JSON. */
  readonly json: unknown;
}

let token: Promise<string> | undefined;

/** The token of the suite's user, or the master key. */
export function bearer(): Promise<string> {
  token ??= logIn(target.credentials);
  return token;
}

async function logIn(credentials: Credentials): Promise<string> {
  if ("masterKey" in credentials) {
    return credentials.masterKey;
  }
  const answer = await raw("POST", "/api/users/adm/authenticate", credentials, {});
  return (answer.json as { Response: { AuthToken: string } }).Response.AuthToken;
}

/**
 * A raw call, for what the client never sends.
 *
 * @param body sent as JSON, a string as it is
 * @param headers default: the suite's token
 */
export async function raw(
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  const answer = await exchange({
    url: new URL(path, target.url),
    method,
    headers: headers ?? { Authorization: `Bearer ${await bearer()}` },
    body: typeof body === "string" || body === undefined ? body : JSON.stringify(body),
    ca: target.ca,
    timeout: 120_000,
    maxBytes: 2 ** 20,
  });
  return {
    status: answer.status,
    type: answer.headers["content-type"] ?? "",
    text: answer.body,
    json: asJson(answer.body),
  };
}

/** The shape of every error of the API (models/structs.go, ErrorResponse). */
export function apiError(status: number, message: string): unknown {
  return expect.objectContaining({
    status,
    json: { Code: status, Message: expect.stringContaining(message) as string, Response: null },
  });
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A /24 that no network on the server touches. */
export async function freeRange(): Promise<string> {
  const taken = (await netmaker.networks.list()).flatMap(
    ({ addressRange }) => parseRange(addressRange ?? "") ?? [],
  );
  for (;;) {
    const [second, third] = randomBytes(2);
    const candidate = `10.${second ?? 0}.${third ?? 0}.0/24`;
    const range = parseRange(candidate);
    if (range !== undefined && !taken.some((other) => overlap(other, range))) {
      return candidate;
    }
  }
}

/** A network of the suite's own. */
export async function newNetwork(stem = "net"): Promise<Network & { readonly range: string }> {
  const range = await freeRange();
  const network = await netmaker.networks.create({ name: unique(stem), addressRange: range });
  remove(() => netmaker.networks.delete(network.name));
  return { ...network, range };
}

/** Registers a machine as netclient would. */
export function register(token: string, body: unknown): Promise<RawAnswer> {
  return raw("POST", `/api/v1/host/register/${encodeURIComponent(token)}`, body, {});
}

/** A machine that has registered and become a member of a network. */
export async function newMember(
  network: string,
  changes: Record<string, unknown> = {},
): Promise<{ readonly host: Host; readonly node: Node }> {
  const key = (await netmaker.enrollmentKeys.find(network))?.token ?? "";
  const body = registration(unique("host"), changes);
  remove(() => netmaker.hosts.delete(body.id, { force: true }));
  expect(await register(key, body)).toMatchObject({ status: 200 });
  const node = await netmaker.nodes.waitForHost(network, body.id);
  const host = await netmaker.hosts.get(body.id);
  expect(host).toBeDefined();
  return { host: host as Host, node };
}

/** A network with one member, who is its gateway. */
export async function newMesh(): Promise<{
  readonly network: string;
  readonly range: string;
  readonly host: Host;
  readonly gateway: Gateway;
}> {
  const { name, range } = await newNetwork("mesh");
  const { host, node } = await newMember(name);
  const gateway = await netmaker.gateways.create(name, node.id);
  return { network: name, range, host, gateway };
}

/** Address number `n` of a /24. */
export function addressIn(range: string, n: number): string {
  return range.replace(/0\/24$/, String(n));
}

/** Waits for what the server does after it has answered. */
export function eventually(check: () => Promise<void>): Promise<void> {
  return expect.poll(check, { interval: 250 }).toBeUndefined();
}
