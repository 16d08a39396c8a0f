import { defineConfig } from "vitest/config";

// The website against a real PostgreSQL of this computer (Debian's package), join bundles over its
// WireGuard; needs root and no lab.
export default defineConfig({
  test: {
    include: [
      "apps/**/*.lab.test.ts",
      "components/**/*.lab.test.ts",
      "lab/images/**/*.lab.test.ts",
    ],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
