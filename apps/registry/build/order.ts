/** What the operator's computer is to build and to send: types that the program and its step share. */
import type { Arch } from "../../../components/machine.ts";

/** A file of the build context. */
export interface ContextFile {
  /** Its path in the checkout. */
  readonly from: string;
  /** Its path beside the Dockerfile. */
  readonly to: string;
  readonly executable: boolean;
}

/** One image. */
export interface BuildOrder {
  /** Its repository in the registry, and its name in messages. */
  readonly name: string;
  /** Follows from all that it is made of; its tag in the registry. */
  readonly key: string;
  readonly archs: readonly Arch[];
  /** Build arguments: references of the bases. */
  readonly args: Readonly<Record<string, string>>;
  /** The Dockerfile included. */
  readonly context: readonly ContextFile[];
}

/** Read on standard input. */
export interface BuildInput {
  readonly order: BuildOrder;
  /** Secret. */
  readonly kubeconfig: string;
}

/** Told to the person who brings the stack up, without a trace. */
export class BuildError extends Error {}

/** Reports progress. */
export type Say = (text: string) => void;
