/** `make up`: from nothing, or from whatever an earlier run left, to a website that answers. */
import { startForwarder } from "../forwarder.ts";
import { readOutputs, websiteUrls } from "./outputs.ts";
import { prepare } from "./prepare.ts";
import { runEngine } from "./run-engine.ts";
import { withSession } from "./session.ts";

/** Builds the lab or brings it up to date; prints the URL. */
export async function up(): Promise<number> {
  return withSession("up", async (session) => {
    const { progress } = session;
    try {
      const workspace = await prepare(session);
      const changes = await progress.phase("program", (say) =>
        runEngine("up", session, say, workspace),
      );
      const urls = websiteUrls(readOutputs());
      const url =
        urls.length === 0
          ? undefined
          : await progress.phase("forwarder", () => startForwarder(urls));
      progress.close();
      process.stdout.write(`${progress.table()}\n\nresources: ${changes}\n`);
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
