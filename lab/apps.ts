/** The list of apps that the lab runs. */
import { pathToFileURL } from "node:url";

import type { Apps } from "../apps/app.ts";
import { bundle } from "./bundle.ts";

/**
 * The program's apps, or those of another module that exports `APPS`: `APPS_LIST` names it by a path in
 * the checkout, as a test does that adds one (docs/add-an-app.md).
 */
export async function labApps(env: NodeJS.ProcessEnv = process.env): Promise<Apps> {
  const list = env["APPS_LIST"];
  // The engine is a bundle, which holds the program's apps and can load no other TypeScript file.
  const { APPS } = (
    list === undefined
      ? await import("../apps/index.ts")
      : await import(pathToFileURL(await bundle(list)).href)
  ) as { readonly APPS: Apps };
  return APPS;
}
