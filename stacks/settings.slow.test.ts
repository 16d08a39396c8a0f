/** Wrong settings as their user meets them: by the real engine, which runs the program. */
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { expect, it } from "vitest";

import { TestStack } from "../lab/testing/netmaker/stack.ts";
import { program as declare } from "./program.ts";

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

it("take a password that its path was encrypted by, refuse one that is readable, and tell neither", async () => {
  await using stack = await TestStack.create(async () => ({ ...(await declare()) }));
  // A port has a colon, which separates a key's two parts elsewhere.
  const path = 'fogline:k3s.registries["r.fog.io:5000"]';
  const refusal = async (): Promise<string> => {
    const refused: unknown = await stack.preview().catch((error: unknown) => error);
    return String(refused);
  };
  await stack.configurePart(`${path}.username`, "ci", false);
  await stack.configurePart(`${path}.password`, "hush-hush", true);
  const taken = await refusal();
  expect(taken).toContain("fogline:cloud.sshFrom");
  expect(taken).not.toMatch(/registries|hush-hush/);
  await stack.configurePart(`${path}.password`, "hush-hush", false);
  const told = await refusal();
  expect(told).toContain("fogline:k3s.registries.r.fog.io:5000.password: stands readable");
  expect(told).toContain(`pulumi config set --secret --path '${path}.password'`);
  expect(told).not.toContain("hush-hush");
});
