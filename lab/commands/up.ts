/** `make up`: from nothing, or from whatever an earlier run left, to a website that answers. */
import { labApps } from "../apps.ts";
import { startForwarder } from "../forwarder.ts";
import { measures } from "./measure.ts";
import { readOutputs, websiteUrls } from "./outputs.ts";
import { prepare } from "./prepare.ts";
import { runEngine } from "./run-engine.ts";
import { withSession } from "./session.ts";

/** Builds the lab or brings it up to date; prints sizes of images, times of rollouts and the URL. */
export async function up(): Promise<number> {
  return withSession("up", async (session) => {
    const { progress } = session;
    try {
      const workspace = await prepare(session);
      const changes = await progress.phase("program", (say) =>
        runEngine("up", session, say, workspace),
      );
      const outputs = readOutputs();
      const urls = websiteUrls(outputs);
      const apps = await labApps();
      const [url, lines] = await Promise.all([
        urls.length === 0 ? undefined : progress.phase("forwarder", () => startForwarder(urls)),
        measures(apps, outputs),
      ]);
      progress.close();
      process.stdout.write(`${progress.table()}\n\n${lines.join("\n")}\nresources: ${changes}\n`);
      if (url !== undefined) {
        process.stdout.write(`website:   ${url}\n`);
      }
      return 0;
    } catch (error) {
      progress.close();
      process.stderr.write(`${progress.table()}\n\n`);
      throw error;
    }
  });
}
