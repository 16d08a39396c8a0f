/** A stack that experiments are made on, and what can be done to it. */

import type { Environment } from "./environment.ts";

/** A process that goes on until it is ended. */
export interface Following extends AsyncDisposable {
  /** Lines that it prints, as they come. */
  readonly lines: AsyncIterable<string>;
}

/** What is known of a script before it runs. */
export interface ScriptOptions {
  /** Whether it silences the machine, so that whoever comes by its network may never hear how it ended; default false. */
  readonly silences?: boolean;
}

export interface Site {
  /** Its name in results, e.g. `lab`. */
  readonly name: string;
  /** Addresses of the website that visitors ask in turn. */
  readonly urls: readonly string[];
  /** Whether pods that fled from a tier come back to it by themselves; default: they do. */
  readonly evensOut?: boolean;
  /** Words before a command that put it where visitors are. */
  readonly visitor: readonly string[];
  /** What kubectl prints. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Address at which visitors reach a machine directly, whatever else serves the website. @param machine its name in the stack file */
  addressOf(machine: string): Promise<string>;
  /** Runs a command where visitors are, until it is disposed of. */
  visit(...command: readonly string[]): Following;
  /** kubectl's lines while it watches. */
  watch(...args: readonly string[]): Following;
  /**
   * Runs a shell script as root on a machine: in the lab from beside it, not over the network that a fault may have
   * cut; elsewhere by SSH.
   *
   * @param machine its name in the stack file
   */
  onMachine(machine: string, script: string, options?: ScriptOptions): Promise<string>;
  /** Takes a machine's network away, then its power: nobody is told, and its disk stays. */
  powerOff(machine: string): Promise<void>;
  /** Gives a machine its power back. */
  powerOn(machine: string): Promise<void>;
  /** Moves the pods of a machine's node away, as `make drain` does; what can run nowhere else is left. */
  drain(machine: string): Promise<void>;
  /** Has a drained node take pods again, as `make undrain` does. */
  undrain(machine: string): Promise<void>;
  /** Brings the stack up with other settings, by section and key; without any, with those of its file. */
  up(settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<void>;
  /** What it is made of, as a report lists it: programs and images, and which are stand-ins. */
  parts(): Promise<Pick<Environment, "toolchain" | "images">>;
}
