/** Wrong settings as their user meets them: by the real engine, which runs the program. */
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { expect, it } from "vitest";

import { TestStack } from "../lab/testing/netmaker/stack.ts";

const program: PulumiFn = async () => (await import("../index.ts")).default;

it("are told alone: without a stack trace, and without the error as an object", async () => {
  await using stack = await TestStack.create(program);
  await stack.configure({ "fogline:cloud": JSON.stringify({ sshFrom: ["0.0.0.0/0"] }) }, {});
  const refused: unknown = await stack.preview().catch((error: unknown) => error);
  const told = String(refused);
  expect(told).toContain("fogline:cloud.sshFrom[0]: must not open SSH to the whole internet");
  expect(told).not.toMatch(/^ +at .*:\d+:\d+\)?$/m);
  expect(told).not.toMatch(/Unhandled exception|problems: \[|path: '|\[Symbol|__pulumi/);
});
