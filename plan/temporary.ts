/** What is undone when its user is done, or is ended by a signal. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A new folder, which is removed when it is disposed of. */
export interface Temporary extends Disposable {
  readonly folder: string;
}

/**
 * Makes a folder.
 *
 * @param release what else to undo, before the folder is removed
 */
export function temporaryFolder(
  prefix: string,
  release: (folder: string) => void = () => undefined,
): Temporary {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const held = untilEnd(() => {
    release(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, ...held };
}

/** Calls `release` once: when disposed of, or before a signal ends this process. */
export function untilEnd(release: () => void): Disposable {
  const undo = (): void => {
    for (const signal of SIGNALS) {
      process.off(signal, end);
    }
    release();
  };
  const end = (signal: NodeJS.Signals): void => {
    undo();
    // Without its handlers left, the process ends as whoever sent the signal expects.
    if (process.listenerCount(signal) === 0) {
      process.kill(process.pid, signal);
    }
  };
  for (const signal of SIGNALS) {
    process.on(signal, end);
  }
  return { [Symbol.dispose]: undo };
}
