/** The lint rule of which part of the tree may import which, tried on imports that nobody wrote. */
import { join } from "node:path";

import { ESLint } from "eslint";
import { describe, expect, it } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");

const eslint = new ESLint({
  cwd: PROJECT,
  // The planted files do not exist: nothing is asked of their types.
  ruleFilter: ({ ruleId }) => ruleId.startsWith("boundaries/"),
  overrideConfig: {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { project: null } },
    linterOptions: { reportUnusedDisableDirectives: "off" },
  },
});

/** What is wrong with an import in a file that is not there. */
async function faults(file: string, imported: string): Promise<string[]> {
  const code = `import * as it from "${imported}";\nexport default it;\n`;
  const results = await eslint.lintText(code, { filePath: join(PROJECT, file) });
  return results.flatMap(({ messages }) => messages.map(({ message }) => message));
}

describe("an import", () => {
  it.each([
    ["config/planted.ts", "../components/machine.ts", "config may not import components"],
    ["config/planted.ts", "../stacks/fog.ts", "config may not import stacks"],
    ["components/k3s/planted.ts", "../../apps/isolation.ts", "components may not import apps"],
    ["components/planted.ts", "../policy/policy.ts", "components may not import policy"],
    ["components/planted.ts", "../testing/engine.ts", "components may not import testing"],
    ["components/planted.ts", "./edge/testing/roots.ts", "components may not import components"],
    ["apps/website/planted.ts", "../../stacks/fog.ts", "apps may not import stacks"],
    ["apps/planted.ts", "../plan/changes.ts", "apps may not import plan"],
    ["apps/planted.ts", "../pin/sums.ts", "apps may not import pin"],
    ["lab/planted.ts", "../pin/sums.ts", "lab may not import pin"],
    ["apps/planted.ts", "../guide/step.ts", "apps may not import guide"],
    ["guide/planted.ts", "../stacks/fog.ts", "guide may not import stacks"],
    ["guide/planted.ts", "../lab/layout.ts", "guide may not import lab"],
    ["stacks/planted.ts", "../lab/layout.ts", "stacks may not import lab"],
    ["stacks/planted.ts", "../plan/changes.ts", "stacks may not import plan"],
    ["policy/planted.ts", "../plan/changes.ts", "policy may not import plan"],
    ["policy/planted.ts", "../components/machine.ts", "policy may not import components"],
    ["policy/planted.ts", "../apps/index.ts", "policy may not import apps"],
    ["plan/planted.ts", "../lab/stand-ins/kubernetes/diff.ts", "plan may not import stand-ins"],
    ["plan/planted.ts", "../testing/engine.ts", "plan may not import testing"],
    ["packages/azure-checks/planted.ts", "../../config/load.ts", "packages may not import config"],
    [
      "packages/azure-checks/planted.ts",
      "../pulumi-kit/wire.ts",
      "packages may not import packages",
    ],
    ["packages/pulumi-kit/planted.test.ts", "../../index.ts", "packages may not import"],
    [
      "lab/stand-ins/random/planted.ts",
      "../../../config/load.ts",
      "stand-ins may not import config",
    ],
    ["lab/stand-ins/random/planted.ts", "../../layout.ts", "stand-ins may not import lab"],
    ["lab/stand-ins/azure-native/planted.ts", "../../lock.ts", "stand-ins may not import lab"],
    ["lab/planted.ts", "../plan/changes.ts", "lab may not import plan"],
    ["index.ts", "./lab/layout.ts", "may not import lab"],
    ["stacks/planted.ts", "../experiments/stats.ts", "stacks may not import experiments"],
    ["experiments/planted.ts", "../testing/engine.ts", "experiments may not import testing"],
    ["operator/planted.ts", "../experiments/site.ts", "operator may not import experiments"],
    ["apps/planted.ts", "../operator/stack.ts", "apps may not import operator"],
    ["novel/planted.ts", "../config/load.ts", "does not belong to any known element"],
  ])("in %s of %s is refused", async (file, imported, reason) => {
    expect((await faults(file, imported)).join("\n")).toContain(reason);
  });

  it.each([
    ["components/k3s/planted.ts", "../../config/schema.ts"],
    ["apps/website/planted.ts", "../database/component.ts"],
    ["stacks/planted.ts", "../apps/isolation.ts"],
    ["index.ts", "./stacks/fog.ts"],
    ["policy/planted.ts", "../config/prices.ts"],
    ["policy/pack.ts", "../apps/index.ts"],
    ["plan/planted.ts", "../policy/policy.ts"],
    ["pin/planted.ts", "../lab/files.ts"],
    ["guide/planted.ts", "../config/prices.ts"],
    ["cis/planted.ts", "../operator/stack.ts"],
    ["operator/planted.ts", "../config/schema.ts"],
    ["config/planted.ts", "@fogline/azure-checks/sizes"],
    ["config/planted.ts", "node:fs"],
    ["lab/stand-ins/random/planted.ts", "@fogline/pulumi-kit/serve"],
    ["lab/stand-ins/random/planted.ts", "../refusals.ts"],
    ["lab/stand-ins/azure-native/planted.ts", "../../machines/machine.ts"],
    ["lab/commands/planted.ts", "../../index.ts"],
    ["components/planted.test.ts", "../testing/engine.ts"],
  ])("in %s of %s is allowed", async (file, imported) => {
    expect(await faults(file, imported)).toEqual([]);
  });
});
