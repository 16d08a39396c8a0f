import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

// What `make check` has no time or no root for, and no lab: the website against a real PostgreSQL of
// this computer (Debian's package), join bundles over its WireGuard, plans of whole programs,
// Netmaker's resources by the real engine on a server of their own.
export default defineConfig({
  test: {
    include: [
      "apps/**/*.lab.test.ts",
      "components/**/*.lab.test.ts",
      "lab/images/**/*.lab.test.ts",
      "**/*.slow.test.ts",
    ],
    globalSetup: "lab/tests/netmaker/prepare.ts",
    // Vitest leaves a core free; each file has servers, ports and machines of its own.
    maxWorkers: availableParallelism(),
    testTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 120_000,
  },
});
