/** How the lab starts its own TypeScript files as processes. */
import { join } from "node:path";

import { PROJECT } from "./layout.ts";

/** The command that runs a TypeScript file of this checkout, from any working folder. */
export function nodeCommand(
  file: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  // The loader for ES modules alone: hooking `require` as well would slow the engine's start.
  const loader = import.meta.resolve("tsx/esm");
  return { command: process.execPath, args: ["--import", loader, join(PROJECT, file), ...args] };
}
