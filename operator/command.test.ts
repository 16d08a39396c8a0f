import { expect, it } from "vitest";

import { ask, OperatorError, run } from "./command.ts";

it("a command prints what it is asked for, and is given its input", async () => {
  expect(await ask("cat", "cat", [], { input: "a word" })).toBe("a word");
});

it("a command that fails says so in its own words", async () => {
  const failing = ask("the stack dev has no outputs", "bash", [
    "-c",
    "echo no such stack >&2; exit 3",
  ]);
  await expect(failing).rejects.toThrow("the stack dev has no outputs: no such stack");
  await expect(failing).rejects.toBeInstanceOf(OperatorError);
});

it("a command that is missing, or that takes too long, is named", async () => {
  const missing = await run("no-such-program-at-all", []);
  expect(missing).toMatchObject({ exitCode: undefined });
  expect(missing.why).toContain("no-such-program-at-all");
  expect((await run("sleep", ["60"], { seconds: 0.05 })).why).toContain("timed out");
});
