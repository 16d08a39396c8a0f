/**
 * Installs the Debian packages that tests need and the computer lacks; where it cannot, it names them.
 * Usage: node --import tsx testing/setup.ts check|test
 *   check  what `make check` needs; without root only what is missing matters
 *   test   what the lab and its tests need, too: root in every case
 */
import { readFileSync } from "node:fs";

import { ensurePackages, LISTS, packageProbes, readPackages } from "../lab/packages.ts";
import { LabError } from "../lab/progress.ts";

/** Packages that a command needs. */
export function needsOf(command: "check" | "test"): ReturnType<typeof readPackages> {
  const all = Object.values(LISTS).flatMap((list) => readPackages(readFileSync(list, "utf8")));
  return command === "test" ? all : all.filter(({ isForCheck }) => isForCheck);
}

async function setUp(command: string | undefined): Promise<void> {
  if (command !== "check" && command !== "test") {
    throw new LabError(
      "testing/setup.ts",
      "reading its argument",
      "it is check or test",
      "name one",
    );
  }
  const probes = packageProbes();
  if (command === "test" && probes.uid !== 0) {
    throw new LabError(
      "this computer",
      "preparing the tests",
      "the lab's machines and network namespaces need root",
      "sudo make test; make check needs no root",
    );
  }
  const installed = await ensurePackages(
    needsOf(command),
    (text) => {
      process.stderr.write(`${text}\n`);
    },
    probes,
  );
  if (installed.length > 0) {
    process.stderr.write(`installed Debian packages: ${installed.join(", ")}\n`);
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    await setUp(process.argv[2]);
  } catch (error) {
    if (!(error instanceof LabError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
