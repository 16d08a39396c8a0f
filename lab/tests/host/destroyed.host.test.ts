/** The lab taken away by its own program, resource by resource, as `pulumi destroy` does on Azure. */
import { expect, it } from "vitest";

import { start } from "../../testing/host/up.ts";

it("the lab goes down by its own program", async () => {
  const { exitCode, said } = await start("down", "--destroy").ended;
  expect(exitCode, said).toBe(0);
  expect(said).toMatch(/resources: \d+ deleted/);
});
