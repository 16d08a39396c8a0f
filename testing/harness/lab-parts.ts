/** The parts that labs of a test run were made of. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ReportLine } from "../../lab/toolchain/report.ts";

/** How often it is looked, in milliseconds: a lab keeps its report for as long as it stands. */
const LOOK = 5000;

/** Notes parts while labs come and go; `stop` must be called at the end. */
export class LabParts {
  private readonly seen = new Map<string, ReportLine>();
  private readonly timer: NodeJS.Timeout;

  /** @param folders where labs note what they keep between commands */
  constructor(private readonly folders: readonly string[]) {
    this.timer = setInterval(() => {
      this.look();
    }, LOOK);
    this.timer.unref();
  }

  /** Notes the parts of the labs that stand. */
  look(): void {
    this.folders.forEach((folder) => {
      this.lookAt(join(folder, "report.json"));
    });
  }

  private lookAt(path: string): void {
    let report: { readonly toolchain: readonly ReportLine[] };
    try {
      report = JSON.parse(readFileSync(path, "utf8")) as typeof report;
    } catch (error) {
      // No lab, or one whose report is being written.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") {
        return;
      }
      throw error;
    }
    for (const line of report.toolchain) {
      this.seen.set([line.part, line.version, line.source].join(" "), line);
    }
  }

  /** @returns every part that was seen */
  stop(): ReportLine[] {
    clearInterval(this.timer);
    this.look();
    return [...this.seen.values()];
  }
}
