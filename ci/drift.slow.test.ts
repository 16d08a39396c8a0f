/** Drift as the real engine reports it: changes behind its back of resources that are files. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";

import { ensureEngine } from "../lab/toolchain/toolchain.ts";
import { PROJECT_NAME, ScriptStack, STACK_NAME } from "./testing/stack.ts";

class File extends pulumi.CustomResource {
  constructor(name: string, args: { path: string; content: pulumi.Input<string> }) {
    super("files:index:File", name, args);
  }
}

const urn = (name: string): string =>
  `urn:pulumi:${STACK_NAME}::${PROJECT_NAME}::files:index:File::${name}`;

it("is what the program would change, not what the engine looked at", async () => {
  let folder = "";
  const path = (name: string): string => join(folder, name);
  await using stack = await ScriptStack.create(await ensureEngine(() => undefined), async () => {
    new File("changed", { path: path("changed"), content: "declared" });
    new File("gone", { path: path("gone"), content: pulumi.secret("a real secret") });
    // Public words as values of secrets: no reason to mask every URN.
    new File("same", { path: path("same"), content: pulumi.secret(STACK_NAME) });
    new File("project", { path: path("project"), content: pulumi.secret(PROJECT_NAME) });
    return Promise.resolve({});
  });
  ({ folder } = stack);
  await stack.pulumi("up", "--yes", "--skip-preview", "--stack", STACK_NAME);

  expect(await stack.script("drift.sh", STACK_NAME)).toEqual({
    exitCode: 0,
    stdout: `Stack \`${STACK_NAME}\`: no drift`,
    stderr: "",
  });

  writeFileSync(path("changed"), "a real secret");
  rmSync(path("gone"));
  const drifted = await stack.script("drift.sh", STACK_NAME);
  expect(drifted.exitCode).toBe(3);
  const listed = drifted.stdout.split("\n").filter((line) => line.startsWith("- "));
  expect(listed.sort()).toEqual([`- create \`${urn("gone")}\``, `- update \`${urn("changed")}\``]);
  expect(drifted.stdout).not.toContain("a real secret");
});
