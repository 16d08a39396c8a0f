/** Before tests that run beside each other: what all of them need is built, once. */
import { Progress } from "../../progress.ts";
import { ensureEngine, ensureNetmaker, ensureTraefik } from "../../toolchain/toolchain.ts";

export default async function prepare(): Promise<void> {
  const progress = new Progress();
  try {
    await progress.phase("engine", ensureEngine);
    await progress.phase("Netmaker", ensureNetmaker);
    await progress.phase("Traefik", ensureTraefik);
  } finally {
    progress.close();
  }
}
