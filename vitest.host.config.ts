import { defineConfig } from "vitest/config";

// The lab as seen from the computer it runs on; each file is run on its own (testing/lab.sh).
export default defineConfig({
  test: {
    include: ["lab/tests/host/*.lab.test.ts"],
    fileParallelism: false,
    // The first test that fails ends a story that builds on it.
    bail: 1,
    testTimeout: 2_700_000,
    hookTimeout: 300_000,
  },
});
