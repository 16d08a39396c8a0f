/** A look at a machine's SSH before the first step on it: bounded, and in words that help. */
import * as pulumi from "@pulumi/pulumi";

import type { Connection, Machine } from "../machine.ts";
import { visit, type End, type Failure, type Way } from "./ssh/visit.ts";
import { explain, type Place } from "./ssh/words.ts";

/** What a look needs besides the way to the machine. */
export interface Looking {
  /** Told what is waited for. */
  readonly say?: (message: string) => void;
  /** Waits between tries, milliseconds; another one in tests. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Errors that are borne, and seconds that one try may take, unless the connection says otherwise. */
const ERRORS = 10;
const SECONDS = 15;
/** Pauses between tries, milliseconds: those of the command provider. */
const FIRST_PAUSE = 100;
const GROWTH = 1.5;
const LONGEST_PAUSE = 5000;
/**
 * Refused logins that are borne, and the pause after one. A machine that boots refuses every user for
 * a moment (pam_nologin); a server bars who is refused over and over (PerSourcePenalties).
 */
const REFUSED_LOGINS = 4;
const REFUSED_PAUSE = 3000;

/** Looks of this run, by the connection: a machine is looked at once. */
const looks = new Map<string, Promise<void>>();

/**
 * Has a machine's SSH looked at before a step is run there. The command provider waits for ever where
 * a server says nothing, and tries over and over what trying cannot mend, without a cause. Nothing is
 * opened in a preview, nor where no step runs.
 *
 * @param step name of the resource that runs it
 */
export function lookFirst(
  { name, tier, connection }: Pick<Machine, "name" | "tier" | "connection">,
  step: string,
): pulumi.ResourceHookBinding {
  const hook = new pulumi.ResourceHook(`SSH before ${step}`, async () => {
    const known = await valueOf(connection);
    const key = JSON.stringify([name, known]);
    const say = (message: string): void => {
      void pulumi.log.info(message, undefined, undefined, true);
    };
    const look = looks.get(key) ?? lookAt({ machine: name, tier }, known, { say });
    looks.set(key, look);
    await look;
  });
  return { beforeCreate: [hook], beforeUpdate: [hook] };
}

/**
 * Connects to a machine as its steps will, and tries as often as they would.
 *
 * @throws Error that names the machine, the cause and the cure
 */
export async function lookAt(place: Place, way: Way, looking: Looking = {}): Promise<void> {
  const { say = () => undefined, pause = wait } = looking;
  const limit = way.dialErrorLimit ?? ERRORS;
  const started = performance.now();
  let refused = 0;
  for (let tries = 1; ; tries += 1) {
    const failure = await visit(way, way.perDialTimeout ?? SECONDS);
    if (failure === undefined) {
      return;
    }
    refused += failure.kind === "login" ? 1 : 0;
    const why = explain(place, failure);
    const isLast = limit >= 0 && tries > limit;
    if (isFinal(failure) || isLast || refused > REFUSED_LOGINS) {
      const seconds = Math.round((performance.now() - started) / 1000);
      throw new Error(tries === 1 ? why : `${why} (${tries} tries in ${seconds} s)`);
    }
    say(`waiting for SSH, try ${tries} of ${limit < 0 ? "many" : limit + 1}: ${why}`);
    const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** (tries - 1));
    await pause(failure.kind === "login" ? Math.max(REFUSED_PAUSE, grown) : grown);
  }
}

/** Whether trying again cannot help. */
function isFinal({ kind }: Failure): boolean {
  return kind === "host-key" || kind === "host-key-kind" || kind === "key" || kind === "shell";
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** The connection of a step that is about to run: all of it is known by then. */
function valueOf(connection: pulumi.Output<Connection>): Promise<Way> {
  return new Promise((resolve) => {
    connection.apply((known) => {
      resolve(known as unknown as Way);
    });
  });
}

export type { End, Way };
