/** What every command that changes the lab shares: the lock, the display, Ctrl-C. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { replaceFile } from "../files.ts";
import { Interrupt } from "../interrupt.ts";
import { MACHINES, PROJECT } from "../layout.ts";
import { HOST_RUN, takeLock } from "../lock.ts";
import { LabError, Progress } from "../progress.ts";

/** A running command. */
export interface Session {
  readonly progress: Progress;
  readonly interrupt: Interrupt;
}

/** Names the checkout whose lab is up on this computer; it stands as long as the machines' disks. */
export const OWNER = join(dirname(MACHINES), "checkout");
/** Where labs of before November 2026 noted it. */
export const FORMER_OWNER = join(HOST_RUN, "checkout");

/**
 * Runs a command under the lab's lock and shows its progress.
 *
 * @returns the exit code
 * @throws LockedError when another command is running
 */
export async function withSession(
  command: string,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const release = takeLock(command);
  const progress = new Progress();
  const interrupt = new Interrupt(
    (line) => {
      progress.note(line);
    },
    (code) => {
      progress.close();
      release();
      process.exit(code);
    },
  );
  try {
    return await work({ progress, interrupt });
  } finally {
    progress.close();
    release();
  }
}

/**
 * Claims this computer's lab for this checkout.
 *
 * @throws LabError when the lab of another checkout is up
 */
export function claimHost(): void {
  const note = [OWNER, FORMER_OWNER].find((path) => existsSync(path));
  const owner = note === undefined ? PROJECT : readFileSync(note, "utf8").trim();
  if (owner !== PROJECT && existsSync(owner)) {
    throw new LabError(
      "this computer",
      "starting the lab",
      `the lab of ${owner} is up, and there is room for one on a computer`,
      `cd ${owner} && make down`,
    );
  }
  replaceFile(OWNER, `${PROJECT}\n`);
}
