/**
 * ACL rules that name an external client, over a change of the client: the server takes it out of them, and
 * deletes those that name nobody else, some time after it has answered (logic/extpeers.go, DeleteExtClient).
 *
 * What is to be put back is first noted on the server, in a rule that allows nothing. Whoever is killed in
 * between leaves the note, and the next change or refresh of the client puts the rules back.
 */
import { z } from "zod";

import {
  namesDevice,
  NetmakerError,
  type AclEnd,
  type AclRule,
  type NetmakerClient,
} from "../api/index.ts";

const ends = z.array(
  z.object({ kind: z.enum(["everyone", "gateways", "device", "egress"]), id: z.string() }),
);
const noted = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    from: ends,
    to: ends,
    protocol: z.enum(["all", "tcp", "udp", "icmp"]),
    ports: z.array(z.string()),
    enabled: z.boolean(),
  }),
);
type Noted = z.output<typeof noted>[number];

/** Milliseconds for what a server may still have to do for a program that was killed. */
const CUT_OFF = 2_000;

const turns = new WeakMap<NetmakerClient, Promise<unknown>>();

/** Rules are read and written whole: what changes them waits for its turn. */
export function inTurn<T>(client: NetmakerClient, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(client) ?? Promise.resolve()).then(work);
  turns.set(
    client,
    mine.catch(() => undefined),
  );
  return mine;
}

/**
 * Changes a client and keeps it in its rules.
 *
 * @throws Error before anything is changed where the rules could not be put back
 */
export function keepingRules(
  client: NetmakerClient,
  network: string,
  id: string,
  change: () => Promise<unknown>,
): Promise<void> {
  return inTurn(client, async () => {
    await finish(client, network, (rule) => isNote(rule, id));
    const rules = await client.aclRules.list(network);
    const isNoted = await note(
      client,
      network,
      id,
      rules.filter((rule) => namesDevice(rule, [id])),
    );
    try {
      await change();
    } catch (error) {
      if (isNoted && error instanceof NetmakerError && error.status === 400) {
        // Refused as it was sent, so that nothing was changed. After any other failure the note stays.
        await putBack(client, network, (rule) => isNote(rule, id));
      }
      throw error;
    }
    if (isNoted) {
      await client.aclRules.waitUntilForgotten(network, [id]);
      await putBack(client, network, (rule) => isNote(rule, id));
    }
  });
}

/**
 * Finishes what changes that were cut off have left to do.
 *
 * @param id of the client; default: every client of the network
 */
export function finishChange(client: NetmakerClient, network: string, id?: string): Promise<void> {
  return inTurn(client, async () => {
    // An unknown network has no rules.
    if ((await client.networks.get(network)) !== undefined) {
      await finish(client, network, (rule) => isNote(rule, id));
    }
  });
}

async function finish(
  client: NetmakerClient,
  network: string,
  noted: (rule: AclRule) => boolean,
): Promise<void> {
  const notes = (await client.aclRules.list(network)).filter(noted);
  if (notes.length > 0) {
    // One that still names its client is of a change that the server has not begun, or is about.
    const devices = notes.flatMap(({ from }) => from.flatMap((end) => ("id" in end ? end.id : [])));
    await client.aclRules.waitUntilForgotten(network, devices, CUT_OFF, noted);
    await putBack(client, network, noted);
  }
}

/**
 * Deletes devices, and is done when no rule names them any more: a rule that is changed before that would be
 * overwritten by the server.
 */
export function forgettingRules(
  client: NetmakerClient,
  network: string,
  devices: readonly string[],
  deletion: () => Promise<void>,
): Promise<void> {
  return inTurn(client, async () => {
    await deletion();
    await client.aclRules.waitUntilForgotten(network, devices);
    if (devices.length > 0 && (await client.networks.get(network)) !== undefined) {
      // Another client of this name must not come into their rules.
      const rules = await client.aclRules.list(network);
      for (const { id } of rules.filter((rule) => devices.some((device) => isNote(rule, device)))) {
        await client.aclRules.delete(id);
      }
    }
  });
}

/**
 * Notes rules as they stand. The note names the client, too, so that it shows when the server has taken the
 * client out of rules, also of those that it has none of yet.
 *
 * @returns false where the master key, which can make no rules, is used for a client that is in none
 */
async function note(
  client: NetmakerClient,
  network: string,
  id: string,
  rules: readonly AclRule[],
): Promise<boolean> {
  try {
    await client.aclRules.create({
      network,
      name: nameOfNote(id),
      from: [{ kind: "gateways" }, { kind: "device", id }],
      to: [{ kind: "gateways" }],
      enabled: false,
      note: JSON.stringify(rules.map(asNoted)),
    });
    return true;
  } catch (error) {
    if (error instanceof NetmakerError && /invalid node/.test(error.reason)) {
      throw new Error(`the client ${id} is gone: pulumi refresh, then up makes it anew`, {
        cause: error,
      });
    }
    if (!(error instanceof NetmakerError && error.notFound)) {
      throw error;
    }
    if (rules.length === 0) {
      return false;
    }
    throw new Error(
      `the client ${id} is named by rules (${rules.map(({ name }) => name).join(", ")}), which a change ` +
        "takes it out of and which the master key cannot put back: give the provider username and password",
      { cause: error },
    );
  }
}

async function putBack(
  client: NetmakerClient,
  network: string,
  noted: (rule: AclRule) => boolean,
): Promise<void> {
  const notes = (await client.aclRules.list(network)).filter(noted);
  for (const each of notes) {
    for (const rule of readNote(each)) {
      await putRuleBack(client, network, clientOfNote(each), rule);
    }
    await client.aclRules.delete(each.id);
  }
}

/** A rule that was changed by hand meanwhile stays as it is. */
async function putRuleBack(
  client: NetmakerClient,
  network: string,
  id: string,
  { id: ruleId, name, from, to, protocol, ports, enabled }: Noted,
): Promise<void> {
  const all = await client.aclRules.list(network);
  const current =
    all.find((rule) => rule.id === ruleId) ??
    all.find((rule) => rule.name === name && !rule.isDefault);
  const wanted = { name, network, protocol, ports, enabled, from: asEnds(from), to: asEnds(to) };
  if (current === undefined) {
    await client.aclRules.create(wanted);
    return;
  }
  const without = (of: readonly AclEnd[]): AclEnd[] =>
    of.filter((end) => end.kind !== "device" || end.id !== id);
  const isAsLeft =
    sameEnds(current.from, without(wanted.from)) && sameEnds(current.to, without(wanted.to));
  if (isAsLeft) {
    await client.aclRules.update(current.id, {
      ...current,
      protocol: protocolOf(current),
      from: wanted.from,
      to: wanted.to,
    });
  }
}

/** The protocol of a rule, as it has to be written to be had again. */
export function protocolOf({ protocol }: AclRule): "all" | "tcp" | "udp" | "icmp" {
  return protocol === "tcp" || protocol === "udp" || protocol === "icmp" ? protocol : "all";
}

const NOTE = /^change of ([A-Za-z0-9-]+) not finished$/;

function nameOfNote(id: string): string {
  return `change of ${id} not finished`;
}

function clientOfNote({ name }: AclRule): string {
  return NOTE.exec(name)?.[1] ?? "";
}

/** @param id of the client; default: any */
function isNote(rule: AclRule, id?: string): boolean {
  const noted = clientOfNote(rule);
  return !rule.isDefault && !rule.enabled && noted !== "" && (id === undefined || noted === id);
}

/** What is no note of ours says nothing. */
function readNote({ note: text }: AclRule): readonly Noted[] {
  try {
    return noted.parse(JSON.parse(text));
  } catch {
    return [];
  }
}

function asNoted(rule: AclRule): Noted {
  const { id, name, ports, enabled } = rule;
  const [from, to] = [rule.from, rule.to].map((of) =>
    of.map((end) => ({ kind: end.kind, id: "id" in end ? end.id : "" })),
  );
  return {
    id,
    name,
    from: from ?? [],
    to: to ?? [],
    protocol: protocolOf(rule),
    ports: [...ports],
    enabled,
  };
}

function asEnds(written: Noted["from"]): AclEnd[] {
  return written.map(({ kind, id }) =>
    kind === "device" || kind === "egress" ? { kind, id } : { kind },
  );
}

/** Whether two ends of rules are the same, in whichever order. */
function sameEnds(one: readonly AclEnd[], other: readonly AclEnd[]): boolean {
  const texts = (of: readonly AclEnd[]): string =>
    of
      .map((end) => `${end.kind} ${"id" in end ? end.id : ""}`)
      .sort()
      .join("\n");
  return texts(one) === texts(other);
}
