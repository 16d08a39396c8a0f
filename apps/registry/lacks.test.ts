import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { lackOfComputer } from "./lacks.ts";

it("a preview tells what this computer lacks to build images", () => {
  const PATH = mkdtempSync(join(tmpdir(), "fogline-lacks-"));
  try {
    expect(lackOfComputer({ PATH })).toContain(
      "lacks any of buildah, podman, docker and kubectl: up will end at that step",
    );
    writeFileSync(join(PATH, "kubectl"), "", { mode: 0o755 });
    writeFileSync(join(PATH, "podman"), "", { mode: 0o644 });
    expect(lackOfComputer({ PATH: `/nonexistent:${PATH}` })).toContain(
      "lacks any of buildah, podman, docker: up",
    );
    writeFileSync(join(PATH, "docker"), "", { mode: 0o755 });
    expect(lackOfComputer({ PATH })).toBeUndefined();
  } finally {
    rmSync(PATH, { recursive: true });
  }
});
