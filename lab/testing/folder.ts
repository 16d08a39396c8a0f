/** Folders of tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

/** An empty folder that goes with the test, which makes it itself or before each. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fogline-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}
