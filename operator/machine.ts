/**
 * Scripts on a stack's machines, by `ssh` over the overlay. The operator's own list of known hosts decides which
 * machine is trusted.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { OperatorError, type Run } from "./command.ts";

/** Where a machine's SSH is, and who logs in. */
export interface Login {
  /** Name of its node. */
  readonly node: string;
  readonly user: string;
  /** In the overlay. */
  readonly address: string;
  /** Path of the private key. */
  readonly key: string;
}

export interface ScriptOptions {
  /** Whether the script silences the machine's network, so that its end may never be heard of; default false. */
  readonly silences?: boolean;
  /** Seconds that a machine which cannot be reached is waited for; default 0. */
  readonly patience?: number;
  /** Told each time that it is waited for. */
  readonly say?: ((text: string) => void) | undefined;
}

/** Exit code by which ssh tells of an error of its own, and not of the script's: ssh(1). */
const UNREACHED = 255;
/** Printed by the machine before the script begins. */
const BEGUN = "fogline: the script begins";
/** Longest that a script may take, seconds; K3s is given 300 to start. */
const LONGEST = 420;
/** Pause before a machine that could not be reached is tried again, milliseconds. */
const AGAIN_MS = 1000;

/**
 * Nobody is asked for a password, and the connection is of this script alone: one that is shared would be given up by
 * others' rules (ssh_config(5)).
 */
const OPTIONS = ["BatchMode=yes", "ConnectTimeout=10", "ControlMaster=no", "ControlPath=none"];
/** How long a connection may say nothing: a bad line is given a minute, a line that was cut is not waited for. */
const ALIVE = {
  usual: ["ServerAliveInterval=15", "ServerAliveCountMax=4"],
  silenced: ["ServerAliveInterval=5", "ServerAliveCountMax=2"],
};

/** The command that logs in on a machine, as a person types it. */
export function loginCommand({ user, address, key }: Login): readonly string[] {
  return ["ssh", "-i", key, `${user}@${address}`];
}

/**
 * Runs a script as root. A machine that cannot be reached is tried again for as long as patience lasts; a script that
 * has begun never is. Where the connection is lost after a script began that silences the machine, it has done so.
 *
 * @returns what it prints; nothing where it silenced the machine
 * @throws OperatorError in the words of ssh or of the script
 */
export async function runScript(
  run: Run,
  login: Login,
  script: string,
  { silences = false, patience = 0, say }: ScriptOptions = {},
): Promise<string> {
  const end = performance.now() + patience * 1000;
  const alive = silences ? ALIVE.silenced : ALIVE.usual;
  const options = [...OPTIONS, ...alive].flatMap((option) => ["-o", option]);
  for (;;) {
    const { exitCode, stdout, why } = await run(
      "ssh",
      [...options, "-i", login.key, `${login.user}@${login.address}`, "sudo bash -s"],
      { input: `echo '${BEGUN}'\n${script}`, seconds: LONGEST },
    );
    const [before, printed] = splitAtLine(stdout, BEGUN);
    if (exitCode === 0) {
      return printed ?? before;
    }
    const isLost = exitCode === UNREACHED;
    if (isLost && printed !== undefined && silences) {
      return "";
    }
    if (!isLost || printed !== undefined) {
      const what = isLost ? "the connection was lost in the middle of a script" : "a script failed";
      throw new OperatorError(`${login.node}: ${what}: ${why}`);
    }
    if (performance.now() >= end) {
      const waited = patience === 0 ? "" : ` within ${patience} s`;
      throw new OperatorError(
        `${login.node} cannot be reached${waited}: ${why.replace(/\.$/, "")}. ` +
          `fix: see that this logs in: ${loginCommand(login).join(" ")}`,
      );
    }
    say?.(`${login.node} cannot be reached: it is waited for, ${patience} s at most`);
    await sleep(AGAIN_MS);
  }
}

/** What stands before a line, and behind it; a login shell may print before it. */
function splitAtLine(text: string, line: string): readonly [string, string | undefined] {
  const lines = text.split("\n");
  const at = lines.indexOf(line);
  return at === -1
    ? [text, undefined]
    : [lines.slice(0, at).join("\n"), lines.slice(at + 1).join("\n")];
}
