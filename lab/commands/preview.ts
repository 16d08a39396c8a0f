/** `make preview`: what `make up` would change, without changing it. */
import { prepare } from "./prepare.ts";
import { runEngine } from "./run-engine.ts";
import { withSession } from "./session.ts";

/** Shows the program's plan. The lab around it (tools, network, Pi) is prepared. */
export async function preview(): Promise<number> {
  return withSession("preview", async (session) => {
    const workspace = await prepare(session);
    const changes = await session.progress.phase("preview", (say) =>
      runEngine("preview", session, say, workspace),
    );
    session.progress.note(`plan: ${changes}`);
    return 0;
  });
}
