import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { secret } from "@fogline/pulumi-kit/values";
import { beforeEach, expect, it } from "vitest";

import { bundlePlugin } from "../bundle.ts";
import { ownFolder } from "../testing/folder.ts";
import type { PluginBehaviour } from "./behaviour.ts";
import { checkOfficial, NOT_RUN, tryPlugin } from "./check.ts";
import { startPlugin, urnOf } from "./plugin.ts";

const standIn = async (name: string): Promise<string> =>
  join(await bundlePlugin(`lab/stand-ins/${name}`, name), `pulumi-resource-${name}`);

let folder: string;
let lines: string[];
const print = (line: string): void => {
  lines.push(line);
};
beforeEach(() => {
  folder = ownFolder();
  lines = [];
});

it("is not run without official parts, and names each that is not there", async () => {
  expect(await checkOfficial(undefined, print)).toBe(NOT_RUN);
  expect(await checkOfficial("", print)).toBe(NOT_RUN);
  lines = [];
  expect(await checkOfficial(folder, print)).toBe(NOT_RUN);
  expect(lines).toEqual(
    ["command", "kubernetes", "random", "netmaker"].map(
      (part) => `not run: no official ${part} in ARTIFACTS`,
    ),
  );
});

it("takes no stand-in for an official part", async () => {
  copyFileSync(await standIn("random"), join(folder, "pulumi-resource-random"));
  expect(await checkOfficial(folder, print)).toBe(NOT_RUN);
  writeFileSync(join(folder, "netmaker"), "\u007fELF… fogline/lab/netmaker/internal/api …");
  expect(await checkOfficial(folder, print)).toBe(NOT_RUN);
  expect(lines).toContain("not run: pulumi-resource-random in ARTIFACTS is no compiled program");
  expect(lines).toContain("not run: netmaker in ARTIFACTS is this project's stand-in");
});

it("fails for a part that does not behave as its behaviours say", async () => {
  copyFileSync("/bin/false", join(folder, "pulumi-resource-random"));
  expect(await checkOfficial(folder, print)).toBe(1);
  expect(lines.join("\n")).toMatch(/FAILED .*\n.*does not start.*ended with 1/);
  expect(lines).toContainEqual(expect.stringMatching(/^random: 0 passed, [1-9]\d* failed$/));
});

it("refuses to choose between two files of one part", async () => {
  for (const name of ["netmaker", "pulumi-resource-random", "pulumi-resource-random-linux-amd64"]) {
    writeFileSync(join(folder, name), "");
  }
  const both = "pulumi-resource-random and pulumi-resource-random-linux-amd64";
  await expect(checkOfficial(folder, print)).rejects.toThrow(both);
});

it("reports the version that a part says of itself beside the one that was seen", async () => {
  const behaviour = (title: string, check: PluginBehaviour["check"]): PluginBehaviour => ({
    seen: "1.2.3",
    title,
    check,
  });
  const behaviours = [
    behaviour("it has a version", async (plugin) => {
      await plugin.configure();
      assert.match(plugin.version, /^\d/);
    }),
    behaviour("it is green", () => Promise.reject(new Error("it is red"))),
  ];
  expect(await tryPlugin(await standIn("random"), behaviours, print)).toEqual({
    passed: 1,
    failed: 1,
  });
  expect(lines).toEqual([
    expect.stringMatching(/ok +it has a version \(seen in 1\.2\.3, this is \d+\.\d+\.\d+\)/),
    expect.stringMatching(/FAILED +it is green \(seen in 1\.2\.3, this is \d+\.\d+\.\d+\)/),
    expect.stringMatching(/^ +it is red$/),
  ]);
});

it("drives a plugin as the engine does", async () => {
  await using plugin = await startPlugin(await standIn("command"));
  await expect(plugin.configure({ host: UNKNOWN })).rejects.toThrow("all of its settings");
  await plugin.configure();
  const urn = urnOf("command:local:Command");
  const inputs = { create: "echo started; echo $WORD", environment: { WORD: secret("plain") } };
  const made = await plugin.create(urn, inputs);
  expect(made.outputs).toMatchObject({ stdout: expect.anything() as unknown });
  expect(plugin.said.join("\n")).toContain("started");
  await expect(plugin.create(urn, { create: "exit 3" })).rejects.toMatchObject({
    name: "PluginError",
    message: expect.stringContaining("3") as unknown,
  });
  expect(await plugin.diff(made, { ...inputs, create: "true" })).toMatchObject({
    changes: "some",
    detailed: { create: "update" },
  });
});
