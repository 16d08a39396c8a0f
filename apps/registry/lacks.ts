/** What this computer lacks to bring images into the cluster, told before it is needed. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { BUILDERS } from "./build/tools.ts";

/** A sentence for the preview; undefined where everything is there. */
export function lackOfComputer(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const lacks = [
    ...(BUILDERS.some((name) => isProgram(name, env)) ? [] : [`any of ${BUILDERS.join(", ")}`]),
    ...(isProgram("kubectl", env) ? [] : ["kubectl"]),
  ];
  return lacks.length === 0
    ? undefined
    : `an image is built here (docs/images.md), and this computer lacks ${lacks.join(" and ")}: up will end at that step`;
}

function isProgram(name: string, env: NodeJS.ProcessEnv): boolean {
  return (env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      // Absent there, or no program: that is the answer asked for.
      return false;
    }
  });
}
