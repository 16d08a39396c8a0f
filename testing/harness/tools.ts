/**
 * Builds or fetches the lab's programs that tests beside the lab use as well. Where two processes made
 * one of them at the same time, the second would replace the first's while it runs.
 * Usage: node --import tsx testing/harness/tools.ts
 */
import { Progress } from "../../lab/progress.ts";
import { ensureEngine, ensureNetmaker, ensureTraefik } from "../../lab/toolchain/toolchain.ts";

const progress = new Progress();
try {
  await progress.phase("engine", ensureEngine);
  await progress.phase("Netmaker", ensureNetmaker);
  await progress.phase("Traefik", ensureTraefik);
} finally {
  progress.close();
}
