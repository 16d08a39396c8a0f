/** Behaviours of official parts, as cases that are tried on a stand-in and on the official part. */
import type { Plugin } from "./plugin.ts";

/** Parts whose behaviours are listed. */
export type PartName = "command" | "kubernetes" | "netmaker" | "random";

/** One behaviour of an official part that the product relies on or has to cope with. */
export interface Behaviour<Part> {
  /** Official version in which it was seen, e.g. `4.29.0`. */
  readonly seen: string;
  /** Sentence in the present tense: what the part does. */
  readonly title: string;
  /**
   * Fails (throws) where the part behaves otherwise. Asserts shapes, not a plugin's own wording. Uses
   * `node:assert`, as it is called outside of a test runner, too.
   */
  readonly check: (part: Part) => Promise<void>;
}

/** A behaviour of a Pulumi plugin. Each is tried on a process of its own, not configured yet. */
export type PluginBehaviour = Behaviour<Plugin>;

/** A behaviour of Netmaker's server that its contract suite cannot see; it starts servers of this program. */
export type ServerBehaviour = Behaviour<string>;
