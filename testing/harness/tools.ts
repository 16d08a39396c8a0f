/**
 * Builds or fetches what the lab stack and the tests beside it are made of. Where two processes made a
 * part at the same time, the second would replace the first's while it runs; and a second computer has no
 * network to fetch it from.
 * Usage: node --import tsx testing/harness/tools.ts
 */
import { ensureGenerator } from "../../experiments/load.ts";
import { ensureRelay } from "../../experiments/relay.ts";
import { labApps } from "../../lab/apps.ts";
import { readSettings } from "../../lab/engine/config.ts";
import { chooseImages } from "../../lab/images/choices.ts";
import { ensureImages } from "../../lab/images/images.ts";
import { wantedImages } from "../../lab/images/wanted.ts";
import { ensureRoot } from "../../lab/machines/root.ts";
import { Progress } from "../../lab/progress.ts";
import prepare from "../../lab/testing/netmaker/global-setup.ts";
import { hostArch } from "../../lab/toolchain/lock.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";

const progress = new Progress();
try {
  const apps = await labApps();
  const settings = readSettings(apps);
  const sources = chooseImages(wantedImages(settings, apps), settings);
  const needs = await sources.needs;
  const toolchain = progress.phase("toolchain", (say) => ensureToolchain(needs, say));
  await Promise.all([
    // Builds run one after another.
    toolchain
      .then(prepare)
      .then(() => progress.phase("load generator", ensureGenerator))
      .then(() => progress.phase("relay", (say) => ensureRelay(hostArch(), say))),
    progress.phase("images", (say) =>
      ensureImages(sources, toolchain, (name, work) => progress.phase(name, work), say),
    ),
    progress.phase("machine root", ensureRoot),
  ]);
} finally {
  progress.close();
}
