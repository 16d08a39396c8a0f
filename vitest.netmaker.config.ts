import { defineConfig } from "vitest/config";

import { readTarget } from "./components/overlay/netmaker/contract/target.ts";

// The contract of Netmaker's API, tried on whichever server NETMAKER_URL names.
try {
  readTarget(process.env);
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}

export default defineConfig({
  test: {
    include: ["components/overlay/netmaker/contract/*.contract.test.ts"],
    globalSetup: "components/overlay/netmaker/contract/setup.ts",
    // One server: what one file makes, another one's lists would show.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
