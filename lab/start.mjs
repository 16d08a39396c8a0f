/**
 * Starts the lab's command line (cli.ts) from a bundle, which is made anew where one of its sources has
 * changed: Node loads that in a third of the processor time of a hundred TypeScript files.
 */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { isCurrent } from "./inputs.mjs";

const project = dirname(import.meta.dirname);
// As in bundle.ts, which is not loaded where there is nothing to make.
const program = join(project, ".fogline/bundles/command-line/cli.mjs");

if (!isCurrent(`${program}.json`, project)) {
  const { register } = await import("tsx/esm/api");
  const unregister = register();
  const { bundleCommandLine } = await import("./bundle.ts");
  await bundleCommandLine();
  await unregister();
}
await import(pathToFileURL(program).href);
