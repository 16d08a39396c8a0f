/**
 * A checkout's program as JavaScript: it takes half of the processor time that a loader does for some
 * hundreds of TypeScript files.
 */
import { existsSync, mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

import { BUNDLED_SOURCES } from "../packages/bundled.ts";
import type { Parts } from "./snapshot.ts";

const TREE = join(import.meta.dirname, "..");

/** A program and the process that runs it, as files of plain Node. */
export interface Runnable {
  readonly child: string;
  /** Node's options before the child. */
  readonly options: readonly string[];
  readonly parts: Parts;
}

/** The sources that a plan loads of a checkout. */
export function partsOf(checkout: string): Parts {
  // Before there was a list of apps, none was asked for.
  const apps = join(checkout, "apps/index.ts");
  return {
    program: join(checkout, "index.ts"),
    schema: join(checkout, "config/schema.ts"),
    ...(existsSync(apps) && { apps }),
  };
}

/**
 * Bundles what a plan loads of a checkout, and the process that loads it.
 *
 * @param folder where the bundle goes, into a folder of its own
 * @throws Error naming the file and line that esbuild cannot read
 */
export async function bundleProgram(checkout: string, folder: string): Promise<Runnable> {
  const made = mkdtempSync(join(folder, "program-"));
  // Packages are found from here as they are from the checkout.
  symlinkSync(join(checkout, "node_modules"), join(made, "node_modules"));
  const parts = partsOf(checkout);
  await build({
    ...BUNDLED_SOURCES,
    entryPoints: {
      ...parts,
      deferred: join(TREE, "packages/pulumi-kit/deferred.ts"),
      child: join(TREE, "plan/child.ts"),
    },
    outdir: made,
    outExtension: { ".js": ".mjs" },
    splitting: true,
  });
  const at = (name: string): string => join(made, `${name}.mjs`);
  return {
    child: at("child"),
    // Within a bundle it would come after the SDK.
    options: ["--import", at("deferred")],
    parts: {
      program: at("program"),
      schema: at("schema"),
      ...(parts.apps !== undefined && { apps: at("apps") }),
    },
  };
}
