import { defineConfig } from "vitest/config";

// The lab is one: its tests run one after another, on machines that boot and fail over.
export default defineConfig({
  test: {
    include: ["lab/tests/*.lab.test.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
