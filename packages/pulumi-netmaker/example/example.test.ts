import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

it("is the example that the documentation shows", () => {
  const example = readFileSync(new URL("index.ts", import.meta.url), "utf8");
  const docs = readFileSync(new URL("../../../docs/netmaker.md", import.meta.url), "utf8");
  expect(docs).toContain(`\`\`\`ts\n${example}\`\`\``);
});
