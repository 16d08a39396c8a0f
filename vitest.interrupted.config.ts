import { defineConfig } from "vitest/config";

// From no lab at all: the program is killed again and again on its way up.
export default defineConfig({
  test: {
    include: ["lab/tests/interrupted.lab.test.ts"],
    testTimeout: 1_800_000,
  },
});
