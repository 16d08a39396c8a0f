/** The provider's interface to a kind of resource: its inputs, and how the server is made to match them. */
import type { Properties } from "@fogline/pulumi-kit/values";
import type { z } from "zod";

import type { NetmakerClient } from "../api/index.ts";
import type { Refusal } from "../rules/index.ts";

/** The state of a resource on the server. */
export interface Found {
  /** Its id, which never changes: the engine reads the resource by it. */
  readonly id: string;
  /** Inputs that would make it as it is; of inputs that have no default, those that the program gave. */
  readonly inputs: Properties;
  /** What the server added. */
  readonly outputs: Properties;
}

/**
 * One kind of resource. Whatever a method throws fails the resource with that message.
 *
 * @typeParam Inputs what a program gives, with what it left out
 */
export interface Kind<Inputs> {
  /** Takes inputs, refuses others, and adds what was left out. */
  readonly inputs: z.ZodObject & z.ZodType<Inputs>;
  /** Inputs that cannot be changed on what exists. */
  readonly replaces: readonly (keyof Inputs & string)[];
  /** Inputs that can be changed, but neither be given to what exists without one nor taken from it. */
  readonly stays?: readonly (keyof Inputs & string)[];
  /** Outputs that the engine keeps encrypted. */
  readonly secrets?: readonly string[];
  /** Outputs that a change of inputs may change; the others stay as they are. */
  readonly changing?: readonly string[];
  /** What of the API's errors has another name here: fields by the API client's name. */
  readonly names?: Readonly<Record<string, keyof Inputs & string>>;
  /**
   * Which of the server's rules the known inputs break. An input that is not known yet, or wrong by
   * itself, is unset; what is said of it is dropped.
   */
  readonly refusals?: (known: Partial<Inputs>) => readonly Refusal[];
  /**
   * The object that exists already for these inputs: an `up` may be killed after the server made it and
   * before the engine knew.
   */
  readonly find: (client: NetmakerClient, inputs: Inputs) => Promise<Found | undefined>;
  readonly create: (client: NetmakerClient, inputs: Inputs) => Promise<Found>;
  /**
   * The resource of an id.
   *
   * @param given the inputs that the engine remembers; unset where a resource is imported
   */
  readonly read: (
    client: NetmakerClient,
    id: string,
    given: Partial<Inputs> | undefined,
  ) => Promise<Found | undefined>;
  /** Brings what exists to other inputs; without it every change makes the resource anew. */
  readonly update?: (client: NetmakerClient, id: string, inputs: Inputs) => Promise<Found>;
  /** No error for what is gone already. */
  readonly delete: (client: NetmakerClient, id: string) => Promise<void>;
}

/** A kind of which only the provider knows the inputs. */
export type AnyKind = Kind<Properties>;

/** An id of two parts, `<network>/<its own>`. */
export function joinId(network: string, own: string): string {
  return `${network}/${own}`;
}

/**
 * The parts of an id.
 *
 * @throws Error for an id that somebody wrote by hand in another form
 */
export function splitId(id: string): { readonly network: string; readonly own: string } {
  const slash = id.indexOf("/");
  if (slash < 1 || slash === id.length - 1) {
    throw new Error(`the id ${id} must have the form <network>/<id>`);
  }
  return { network: id.slice(0, slash), own: id.slice(slash + 1) };
}

/** Properties that have a value. */
export function defined(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}
