/** `make down`: leaves nothing of the lab but the cache of tools; works after any crash. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { STATE } from "../engine/state.ts";
import { stopForwarder } from "../forwarder.ts";
import { stopRegistry } from "../images/registry.ts";
import { restoreInotifyLimit } from "../inotify.ts";
import { MACHINES, RUN } from "../layout.ts";
import { removeIfEmpty } from "../lock.ts";
import { erase, existing } from "../machines/machine.ts";
import { LabError } from "../progress.ts";
import { stopDownloads } from "../services.ts";
import { Cloud } from "../stand-ins/azure-native/cloud.ts";
import { endStrayEngine, runEngine } from "./run-engine.ts";
import { removeNetwork } from "./network.ts";
import { FORMER_OWNER, OWNER, withSession, type Session } from "./session.ts";

/**
 * Takes the lab down.
 *
 * @param options.destroy let the program destroy its resources first, as a cloud would need it
 */
export async function down(options: { destroy: boolean }): Promise<number> {
  return withSession("down", async (session) => {
    const { progress } = session;
    if (options.destroy && existsSync(STATE)) {
      const changes = await progress.phase("program", (say) => runEngine("destroy", session, say));
      progress.note(`resources: ${changes}`);
      refuseLeftovers();
    }
    await tearDown(session);
    progress.close();
    process.stdout.write(`${progress.table()}\n`);
    return 0;
  });
}

/** What a destroyed stack leaves in a cloud still costs money, so it is an error here. */
function refuseLeftovers(): void {
  const left = new Cloud(join(RUN, "cloud.json")).all().map(({ id }) => id);
  if (left.length > 0) {
    throw new LabError(
      "the cloud",
      "destroying the stack",
      `${left.length} resources are left:\n${left.join("\n")}`,
      "make down removes them with the lab",
    );
  }
}

/** File that exists from the first step of the removal to the last. */
const HALF = join(RUN, "half-down");

/** Whether a command that took the lab down was cut off: some of its machines are gone for ever. */
export function isHalfDown(): boolean {
  return existsSync(HALF);
}

/**
 * Removes the lab. Every step is tried, so that one that fails does not keep the others from
 * cleaning up.
 *
 * @throws LabError naming every step that failed
 */
export async function tearDown({ progress }: Session): Promise<void> {
  const failures: string[] = [];
  const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await progress.phase(name, work);
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  if (existsSync(RUN)) {
    writeFileSync(HALF, "");
  }
  await step("engine", () => endStrayEngine());
  await Promise.all([
    step("forwarder", stopForwarder),
    step("registry", stopRegistry),
    step("downloads", stopDownloads),
    step("machines", eraseMachines),
  ]);
  await step("network", removeNetwork);
  if (failures.length > 0) {
    throw new LabError("lab", "taking it down", failures.join("\n"), "make down tries again");
  }
  await step("folders", async () => {
    await Promise.all([
      rm(RUN, { recursive: true, force: true }),
      rm(MACHINES, { recursive: true, force: true }),
    ]);
    rmSync(OWNER, { force: true });
    rmSync(FORMER_OWNER, { force: true });
    restoreInotifyLimit();
    removeIfEmpty(dirname(MACHINES));
  });
  if (failures.length > 0) {
    throw new LabError("lab", "taking it down", failures.join("\n"), "make down tries again");
  }
}

async function eraseMachines(): Promise<void> {
  await Promise.all((await existing()).map((name) => erase(name)));
}
