/** The list of apps that the lab runs. */
import type { Apps } from "../apps/app.ts";
import { importBundled } from "./bundle.ts";
import { LabError } from "./progress.ts";

/**
 * The program's apps, or those of another module that exports `APPS`: `APPS_LIST` names it by a path in
 * the checkout, as a test does that adds one (docs/add-an-app.md).
 *
 * @throws LabError where that module exports no `APPS`
 */
export async function labApps(env: NodeJS.ProcessEnv = process.env): Promise<Apps> {
  const list = env["APPS_LIST"] ?? "";
  // The engine is a bundle, which holds the program's apps and can load no other TypeScript file.
  const { APPS } = (list === "" ? await import("../apps/index.ts") : await importBundled(list)) as {
    readonly APPS?: Apps;
  };
  if (APPS === undefined) {
    throw new LabError(
      "lab",
      "reading the list of apps",
      `${list} exports no APPS`,
      "let APPS_LIST name a module that exports the list, as apps/index.ts does, or unset it",
    );
  }
  return APPS;
}
