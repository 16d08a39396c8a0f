/** A plugin lives as long as the engine that started it. */

/** Milliseconds between looks; a killed engine tells nobody. */
const INTERVAL = 250;
/** Milliseconds that the last work may take. */
const LAST_WORK = 3000;

/**
 * Ends this process soon after its parent ended, however that died, and when asked to end.
 *
 * @param lastWork what to do first, for 3 s at most, e.g. to stop what runs elsewhere
 */
export function endWithParent(lastWork: () => Promise<unknown> = () => Promise.resolve()): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) {
      return;
    }
    clearInterval(watch);
    end(lastWork);
  }, INTERVAL);
  watch.unref();
  // An engine that died while this process started left no reader behind.
  process.stdout.on("error", () => {
    end(lastWork);
  });
  // Left to itself, a signal would skip what is to happen on exit.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      process.exit(0);
    });
  }
}

function end(lastWork: () => Promise<unknown>): void {
  const exit = (): void => {
    process.exit(1);
  };
  setTimeout(exit, LAST_WORK);
  lastWork().then(exit, exit);
}
