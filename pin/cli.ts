/**
 * `make pin [STACK=dev] [ARGS="--check --only=stack"]`: writes the sums of official files into
 * lab/toolchain/lock.yaml, and with a stack the sums and digests of its file, from where their projects
 * publish them.
 *
 * - `--check` shows what would change and writes nothing
 * - `--only=stack` leaves the lab's lock alone; `--only=lock` the stack's file
 *
 * Ends with 0 when everything is pinned, 1 when something could not be found (the rest is written) or would
 * change under `--check`, 2 for a request that cannot be answered.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";

import { Web } from "../lab/toolchain/web.ts";
import { PinError } from "./error.ts";
import { isInOrder, pin, type Request } from "./pin.ts";
import { Registries } from "./registry.ts";
import { Releases } from "./releases.ts";
import { reportText } from "./text.ts";

const TOP = join(import.meta.dirname, "..");

/** @throws PinError for what cannot be asked for */
export function requestOf(args: readonly string[], env: NodeJS.ProcessEnv): Request {
  let values: { check?: boolean; only?: string };
  try {
    const options = { check: { type: "boolean" }, only: { type: "string" } } as const;
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new PinError("", (error as Error).message, "use --check, --only=stack or --only=lock");
  }
  const { check = false, only } = values;
  const stack = env["STACK"] ?? "";
  if (only !== undefined && !["stack", "lock"].includes(only)) {
    throw new PinError("", `--only=${only} is not known`, "use --only=stack or --only=lock");
  }
  if (stack === "lab" || stack.includes("/")) {
    throw new PinError(
      "",
      stack === "lab" ? "the lab's stack names no sums: make up adds them" : `no stack ${stack}`,
      "name a stack that is made on Azure, as STACK=dev, or none for the lab's lock alone",
    );
  }
  if (only === "stack" && stack === "") {
    throw new PinError("", "--only=stack needs a stack", "add its name, as STACK=dev");
  }
  return {
    check,
    ...(only === "stack" ? {} : { lock: join(TOP, "lab", "toolchain", "lock.yaml") }),
    ...(stack === "" || only === "lock" ? {} : { stack: join(TOP, `Pulumi.${stack}.yaml`) }),
  };
}

async function main(): Promise<number> {
  const request = requestOf(process.argv.slice(2), process.env);
  const web = new Web();
  const sources = { releases: new Releases(web), registries: new Registries(web) };
  const report = await pin(request, sources);
  process.stdout.write(reportText(report, TOP, request.check));
  return isInOrder(report, request.check) ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof PinError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n  fix: ${error.fix}\n`);
    process.exitCode = 2;
  }
}
