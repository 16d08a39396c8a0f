import { expect, it } from "vitest";

import { tagsOf } from "./tags.ts";

it("a resource has the stack's tags, and says whose it is whatever those are", () => {
  const own = { project: "fogline", stack: "dev" };
  expect(tagsOf({ team: "edge", stack: "prod" }, own)).toEqual({ team: "edge", ...own });
});
