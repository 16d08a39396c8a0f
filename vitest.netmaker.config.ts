import { readTarget } from "@fogline/pulumi-netmaker/contract/target";
import { defineConfig } from "vitest/config";

// The contract of Netmaker's API, tried on whichever server NETMAKER_URL names.
try {
  readTarget(process.env);
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}

export default defineConfig({
  test: {
    include: ["packages/pulumi-netmaker/contract/*.contract.test.ts"],
    globalSetup: "packages/pulumi-netmaker/contract/setup.ts",
    // One server: what one file makes, another one's lists would show.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
