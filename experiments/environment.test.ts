import { expect, it } from "vitest";

import { computer, ENVIRONMENT, stolen } from "./environment.ts";

it("this computer is described as environment.json has it", async () => {
  const here = await computer();
  expect(ENVIRONMENT.parse({ date: "2000-01-01", ...here })).toMatchObject(here);
  expect(here.machine["cores"]).toBeGreaterThan(0);
  expect(here.versions["commit"]).toMatch(/^[0-9a-f]{40}$/);
  expect(here.stealShare).toBeGreaterThanOrEqual(0);
});

it("stolen time is a share of what passed between two readings", () => {
  const before = "cpu  100 0 50 800 10 0 0 20 30 0\ncpu0 1 2 3\n";
  const after = "cpu  150 0 70 900 10 0 0 50 60 0\ncpu0 1 2 3\n";
  expect(stolen(before, after)).toBe(0.15);
  expect(stolen(before, before)).toBe(0);
});
