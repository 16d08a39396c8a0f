/** What the lab runs and where each part came from. */
import { join } from "node:path";

import { replaceFile } from "../files.ts";
import type { ImageLine } from "../images/report.ts";
import { RUN } from "../layout.ts";
import { LabError } from "../progress.ts";
import type { Entry } from "./cache.ts";
import type { Part } from "./lock.ts";

/** Where a part came from. */
export type Source = "artifacts" | "official" | "registries" | "stand-in";

/** One line of the report of what came from where. */
export interface ReportLine {
  readonly part: string;
  readonly version: string;
  readonly source: Source;
  /** Of the program itself; empty for a stand-in that runs from source. */
  readonly sha256: string;
  /** Why a source before this one was not used. */
  readonly reason?: string;
}

/** The file of {@link writeReport}. */
const REPORT = join(RUN, "report.json");

/**
 * The line of a part that is in place.
 *
 * @param executable the program's path inside the folder
 * @param reason why a source before this one was not used
 * @throws LabError when the folder does not hold the program
 */
export function reportLine(
  name: string,
  locked: Part,
  entry: Entry,
  executable: string,
  reason?: string,
): ReportLine {
  const sha256 = entry.sums[executable];
  if (sha256 === undefined) {
    throw new LabError(
      "toolchain",
      `making ${name}`,
      `${entry.folder} holds no ${executable}`,
      `remove ${entry.folder} and run the command again`,
    );
  }
  const source = entry.source as Source;
  return {
    part: name,
    version: versionOf(locked, source),
    source,
    sha256,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** The version that runs: a wheel may hold another one than the official file. */
function versionOf({ version, registry }: Part, source: Source): string {
  return source === "registries" && "wheel" in registry
    ? `v${registry.wheel.split("==")[1] ?? ""}`
    : version;
}

/** Writes what came from where, for later questions. */
export function writeReport(toolchain: readonly ReportLine[], images: readonly ImageLine[]): void {
  const text = JSON.stringify({ toolchain, images }, undefined, 2);
  replaceFile(REPORT, `${text}\n`);
}

/** What came from where, as lines for people. */
export function describeReport(report: readonly ReportLine[]): string[] {
  const bySource = new Map<Source, string[]>();
  for (const { source, part: name, version } of report) {
    const short = name.replace("pulumi-resource-", "plugin ");
    bySource.set(source, [...(bySource.get(source) ?? []), `${short} ${version}`]);
  }
  const words: Record<Source, string> = {
    artifacts: "official, from ARTIFACTS",
    official: "official, downloaded",
    registries: "from package registries",
    "stand-in": "stand-in for the official one",
  };
  return [...bySource].map(([source, names]) => `${words[source]}: ${names.join(", ")}`);
}
