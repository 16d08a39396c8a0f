import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["node_modules/**", "**/*.lab.test.ts", "**/*.slow.test.ts", "**/*.contract.test.ts"],
    restoreMocks: true,
    // Vitest leaves a core free; the linter that runs beside it is done before it.
    maxWorkers: availableParallelism(),
    // Cheaper to start than processes, of which there would be one for each file.
    pool: "threads",
  },
});
