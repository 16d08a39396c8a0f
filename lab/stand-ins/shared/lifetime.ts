/** A plugin lives as long as the engine that started it. */

/** Milliseconds between looks; a killed engine tells nobody. */
const INTERVAL = 500;

/** Ends this process soon after its parent ended, however that died. */
export function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(1);
    }
  }, INTERVAL).unref();
}
