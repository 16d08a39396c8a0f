/** Starts the website and ends it when it is told to. */
import { App } from "./app.ts";
import { readAssets } from "./assets.ts";
import { listen } from "./server.ts";
import { readSettings } from "./settings.ts";
import { PostgresStore } from "./store/postgres-store.ts";

const settings = readSettings(process.env);
const log = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const assets = await readAssets(new URL("./browser/", import.meta.url));
const store = new PostgresStore(settings.database, log);
const app = new App({
  settings,
  store,
  assets,
  log,
  // A connection, and an answer on it.
  limits: { storeWaitMs: 2 * settings.database.timeoutMs },
});
const website = await listen(app, settings.host, settings.port);
log(`Running on http://${settings.host}:${website.port}`);

const stop = async (signal: NodeJS.Signals): Promise<void> => {
  log(`${signal}: accepting for ${settings.drainSeconds} s more, then finishing`);
  await website.drain(settings.drainSeconds);
  await store.close();
  log("Stopped");
  process.exit(0);
};
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  // Once: a second signal ends the process at once, as whoever sends it wants.
  process.once(signal, (received) => void stop(received));
}
