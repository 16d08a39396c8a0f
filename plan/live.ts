/** The same question asked of the real state: `pulumi preview` with the project's policies. */
import { spawn } from "node:child_process";

import { PlanError } from "./error.ts";

/**
 * Runs `pulumi preview`; what it prints is printed, what it returns is returned.
 *
 * @throws PlanError when there is no Pulumi CLI; without a login Pulumi itself says so
 */
export function livePreview(checkout: string, stack: string, isJson: boolean): Promise<number> {
  const args = ["preview", "--stack", stack, "--policy-pack", "policy", "--non-interactive"];
  const child = spawn("pulumi", [...args, isJson ? "--json" : "--diff"], {
    cwd: checkout,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "ENOENT"
          ? new PlanError(
              "LIVE=1 asks the real state, and there is no Pulumi CLI here",
              "install it and log in (`pulumi login`, `az login`), or leave LIVE out",
            )
          : error,
      );
    });
    child.once("close", (code) => {
      resolve(code ?? 1);
    });
  });
}
