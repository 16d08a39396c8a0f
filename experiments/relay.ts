/** Builds the relay of `relay/`, and reads what it reports at its end. */
import { join } from "node:path";

import { z } from "zod";

import { cached, sourceInputs } from "../lab/toolchain/cache.ts";
import type { Arch } from "../lab/toolchain/lock.ts";
import { build, goVersion } from "../lab/toolchain/registries.ts";

const SOURCE = join(import.meta.dirname, "relay");

/** Milliseconds. */
const TIMES = z.object({
  mean: z.number(),
  median: z.number(),
  p99: z.number(),
  max: z.number(),
});

/** What the relay says of its own run. */
export const RELAY_REPORT = z.object({
  /** How long it ran. */
  seconds: z.number(),
  /** Packets that were sent on, and their bytes. */
  packets: z.int(),
  bytes: z.int(),
  /** Packets that found its queue full. */
  dropped: z.int(),
  /** Packets that the kernel did not take, and why it did not take the first. */
  refused: z.int(),
  refusal: z.string().optional(),
  /** Delays as they were drawn, and as packets had them. */
  asked: TIMES,
  given: TIMES,
  /** CPU time, user and system. */
  cpuSeconds: z.number(),
  memoryKiB: z.int(),
});
export type RelayReport = z.infer<typeof RELAY_REPORT>;

/** Processors that it is built for, by what `uname -m` says. */
const ARCHES: Readonly<Record<string, Arch>> = { x86_64: "amd64", aarch64: "arm64" };

/** @throws Error where the relay is built for no such processor */
export function archOf(machine: string, uname: string): Arch {
  const arch = ARCHES[uname.trim()];
  if (arch === undefined) {
    throw new Error(
      `${machine} has a processor of kind ${uname.trim()}; the relay is built for ${Object.keys(ARCHES).join(" and ")}`,
    );
  }
  return arch;
}

/**
 * The relay's path: from the cache, or built now.
 *
 * @throws LabError when it cannot be built
 */
export async function ensureRelay(arch: Arch, say: (text: string) => void): Promise<string> {
  const inputs = [await goVersion(), arch, ...(await sourceInputs(SOURCE))];
  const { folder } = await cached("relay", inputs, async (made) => {
    const options = { cwd: SOURCE, env: { GOARCH: arch } };
    await build("the relay", "bash", ["build.sh", made], options, say);
    return "registries";
  });
  return join(folder, "relay");
}
