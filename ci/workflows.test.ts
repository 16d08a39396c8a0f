/** What holds for every workflow, beyond what actionlint looks at. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";
import { parse } from "yaml";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}
interface Job {
  readonly permissions?: Record<string, string>;
  readonly "timeout-minutes"?: number;
  readonly concurrency?: { "cancel-in-progress": boolean };
  readonly environment?: string;
  readonly env?: Record<string, string>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Record<string, unknown>;
  readonly permissions?: unknown;
  readonly concurrency?: { "cancel-in-progress": boolean };
  readonly jobs: Record<string, Job>;
}

const PROJECT = join(import.meta.dirname, "..");
const FOLDER = join(PROJECT, ".github", "workflows");
/** Targets of the Makefile. */
const TARGETS = [...readFileSync(join(PROJECT, "Makefile"), "utf8").matchAll(/^([\w-]+):/gm)].map(
  ([, target]) => target,
);
const LOG_IN = join(PROJECT, ".github", "actions", "log-in", "action.yml");

function problemsOf(text: string): string[] {
  const workflow = parse(text) as Workflow;
  const triggers = Object.keys(workflow.on);
  const problems = usesProblems(text);
  if (JSON.stringify(workflow.permissions) !== "{}") {
    problems.push("permissions at the top are not {}");
  }
  if (triggers.includes("pull_request_target")) {
    problems.push("pull_request_target gives a fork's change our token");
  }
  for (const [name, job] of Object.entries(workflow.jobs)) {
    const permissions = job.permissions ?? {};
    if (Object.keys(permissions).length === 0) {
      problems.push(`${name} declares no permissions`);
    }
    if (job["timeout-minutes"] === undefined) {
      problems.push(`${name} has no timeout`);
    }
    const writes = Object.entries(permissions).filter(([, level]) => level === "write");
    if (triggers.includes("pull_request") && writes.some(([scope]) => scope !== "id-token")) {
      problems.push(`${name} runs a pull request's code and may write`);
    }
    if (permissions["id-token"] === "write" && triggers.includes("pull_request")) {
      if (job.environment === undefined) {
        problems.push(`${name} has an identity and no environment`);
      }
    }
    for (const step of job.steps) {
      if (
        step.uses?.startsWith("actions/checkout@") &&
        step.with?.["persist-credentials"] !== false
      ) {
        problems.push(`${name} leaves its token in the checkout`);
      }
      if (step.run?.includes("${{")) {
        problems.push(`${name} pastes a value into a shell: ${step.run}`);
      }
      const script = /^\.?\/?((?:ci|testing)\/\S+)/.exec(
        (step.run ?? "").replace(/^node /, ""),
      )?.[1];
      if (script !== undefined && !existsSync(join(PROJECT, script))) {
        problems.push(`${name} runs ${script}, which does not exist`);
      }
      const target = /^make ([\w-]+)/.exec(step.run ?? "")?.[1];
      if (target !== undefined && !TARGETS.includes(target)) {
        problems.push(`${name} runs make ${target}, which does not exist`);
      }
    }
  }
  return problems;
}

/** Every action is pinned by commit and says which version that is; our own are part of the tree. */
function usesProblems(text: string): string[] {
  return [...text.matchAll(/^\s*(?:- )?uses: *(.+)$/gm)].flatMap(([, uses = ""]) =>
    /^[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(uses) || uses.startsWith("./.github/")
      ? []
      : [`not pinned by commit with its version: ${uses}`],
  );
}

const files = readdirSync(FOLDER);
const read = (name: string): string => readFileSync(join(FOLDER, name), "utf8");
const workflow = (name: string): Workflow => parse(read(name)) as Workflow;

it.each(files)("%s keeps the rules", (name) => {
  expect(problemsOf(read(name))).toEqual([]);
});

it("has the workflows that the docs name", () => {
  expect(files.sort()).toEqual(
    ["check", "comment", "deploy", "drift", "images", "preview"].map((name) => `${name}.yml`),
  );
});

it("pins what logging in uses", () => {
  expect(usesProblems(readFileSync(LOG_IN, "utf8"))).toEqual([]);
});

it("pins the Pulumi CLI to the version of the SDK", () => {
  const { dependencies } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  expect(readFileSync(LOG_IN, "utf8")).toContain(
    `pulumi-version: ${dependencies["@pulumi/pulumi"] ?? "?"}`,
  );
});

it("uses one commit of each action everywhere", () => {
  const texts = [...files.map(read), readFileSync(LOG_IN, "utf8")].join("\n");
  const pins = new Set([...texts.matchAll(/uses: ([\w/.-]+@[0-9a-f]{40})/g)].map(([, pin]) => pin));
  const names = [...pins].map((pin) => pin?.split("@")[0]);
  expect(names).toEqual([...new Set(names)]);
});

it("never cancels an update, and ends the script before the job", () => {
  const { concurrency, jobs } = workflow("deploy.yml");
  expect(concurrency?.["cancel-in-progress"]).toBe(false);
  expect(workflow("drift.yml").jobs["drift"]?.concurrency?.["cancel-in-progress"]).toBe(false);
  expect(jobs["deploy"]?.["timeout-minutes"]).toBeGreaterThan(50 + 30);
});

it("gives the writing token to a run without the pull request's code or packages", () => {
  const { on, jobs } = workflow("comment.yml");
  expect(Object.keys(on)).toEqual(["workflow_run"]);
  const steps = jobs["comment"]?.steps ?? [];
  expect(steps.find(({ uses }) => uses?.startsWith("actions/checkout"))?.with).not.toHaveProperty(
    "ref",
  );
  expect(steps.flatMap(({ run }) => run ?? [])).toEqual(["node ci/comment.ts reports"]);
});

it("keeps secrets away from what a fork runs", () => {
  for (const name of ["check.yml", "comment.yml"]) {
    expect(read(name)).not.toContain("secrets.");
  }
  const { env, steps } = workflow("preview.yml").jobs["plan"] ?? { steps: [] };
  expect(JSON.stringify({ env, steps })).not.toMatch(/secrets\.|vars\./);
});

describe("a workflow that breaks a rule", () => {
  const good = read("check.yml");
  it.each([
    ["an action by tag", good.replace(/@[0-9a-f]{40} # v7\.0\.1/, "@v7"), "not pinned"],
    ["a pin without version", good.replace(" # v7.0.1", ""), "not pinned"],
    ["no top permissions", good.replace("permissions: {}", ""), "at the top"],
    [
      "no job permissions",
      good.replace(/ {4}permissions:\n {6}contents: read\n/, ""),
      "declares no",
    ],
    ["no timeout", good.replace(/ {4}timeout-minutes: \d+\n/, ""), "no timeout"],
    ["a write token", good.replace("contents: read", "contents: write"), "may write"],
    ["a kept token", good.replace("persist-credentials: false", "fetch-depth: 0"), "its token"],
    [
      "a pasted value",
      good.replace("run: make check", "run: echo ${{ github.head_ref }}"),
      "pastes",
    ],
    ["a missing script", good.replace("make check", "ci/gone.sh"), "does not exist"],
    ["a missing target", good.replace("make workflows", "make gone"), "does not exist"],
    ["a fork with our token", good.replace("pull_request:", "pull_request_target:"), "our token"],
  ])("is found: %s", (_what, text, problem) => {
    expect(problemsOf(text).join("\n")).toContain(problem);
  });
});
