import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { refuseDeadAgent } from "./agent.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-agent-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("an SSH agent", () => {
  it("is refused where none answers, with what to type", async () => {
    const stale = join(folder, "stale");
    writeFileSync(stale, "");
    for (const path of [join(folder, "gone"), stale]) {
      await expect(refuseDeadAgent(path)).rejects.toThrow(
        `SSH_AUTH_SOCK names ${path}, where no SSH agent answers`,
      );
      await expect(refuseDeadAgent(path)).rejects.toThrow("unset SSH_AUTH_SOCK");
    }
  });

  it("stands in nobody's way where one answers, or none is named", async () => {
    const path = join(folder, "alive");
    const agent = createServer();
    await new Promise<void>((resolve) => agent.listen(path, resolve));
    await refuseDeadAgent(path);
    await refuseDeadAgent("");
    await new Promise((resolve) => agent.close(resolve));
  });
});
