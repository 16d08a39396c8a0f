/** `make plan` as it is called: a repository, a commit to compare with, what is left behind. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { PlanError } from "./error.ts";
import { plan } from "./plan.ts";
import { Repository } from "./testing/repository.ts";

const NETWORK = "components/azure/network.ts";
const POD = "apps/website/pod.ts";

interface Json {
  readonly refused: boolean;
  readonly dangers: readonly { text: string }[];
  readonly difference: Record<string, { name: string; reasons: { path: string }[] }[]>;
  readonly policies: readonly { name: string; violations: { name: string }[] }[];
}

describe("a plan", () => {
  const repository = new Repository();
  repository.change(NETWORK, 'subnetName: "machines"', 'subnetName: "nodes"');
  repository.change(POD, "runAsNonRoot: true", "runAsNonRoot: false");
  repository.commit("Rename the subnet, run the website as root");

  afterAll(() => {
    repository[Symbol.dispose]();
  });

  /** Nothing of a plan is left: no checkout, no key. */
  function expectNothingLeft(): void {
    expect(repository.worktrees()).toBe(1);
    expect(
      readdirSync(repository.temporary()).filter((name) => name.startsWith("fogline")),
    ).toEqual([]);
  }

  it("runs the other commit's own code and marks the dangers before anything else", async () => {
    const { stdout, stderr } = await repository.plan({ STACK: "fixture", BASE: "HEAD~1" });
    expect(stderr).toBe("");
    const [title, blank, danger] = stdout.split("\n");
    expect(title).toMatch(/^## Plan of stack `fixture` against `HEAD~1` \([0-9a-f]{12}\)$/);
    expect(blank).toBe("");
    expect(danger).toBe(
      "- ⛔ **replaces Subnet fogline-subnet (subnetName): machines in it lose their connection**",
    );
    expect(stdout).toContain("`subnetName`: `machines` → `nodes`");
    expect(stdout).toContain("`ipConfigurations[primary].subnet.id`");
    expectNothingLeft();
  });

  it("says the same as JSON, and ends with 1 when a policy is broken", async () => {
    const { stdout, code } = await repository.plan({
      STACK: "fixture",
      BASE: "HEAD~1",
      FORMAT: "json",
    });
    const plan = JSON.parse(stdout) as Json;
    expect(plan.difference["replaced"]).toMatchObject([
      { name: "fogline-subnet", reasons: [{ path: "subnetName" }] },
    ]);
    expect(plan.difference["changed"]?.map(({ name }) => name).sort()).toEqual([
      "MasterNode-card",
      "WorkerNode-card",
      "website-deployment",
    ]);
    expect(plan.difference["created"]).toEqual([]);
    expect(plan.difference["destroyed"]).toEqual([]);
    const root = plan.policies.find(({ name }) => name === "pods-are-not-root");
    expect(root?.violations.map(({ name }) => name)).toEqual(["website-deployment"]);
    expect(plan.refused).toBe(true);
    expect(code).toBe(1);
  });

  it("removes the other checkout when it is ended half-way", async () => {
    const abort = new AbortController();
    const planning = repository.plan({ STACK: "fixture", BASE: "HEAD~1" }, abort.signal);
    await expect.poll(() => repository.worktrees(), { interval: 20 }).toBe(2);
    abort.abort();
    expect((await planning).stdout).toBe("");
    expectNothingLeft();
    await expect.poll(() => repository.processes()).toEqual([]);
  });

  it.each([
    [
      "of a commit that is an option",
      { STACK: "fixture", BASE: "--all" },
      /BASE=--all is no commit/,
    ],
    ["of an unknown stack", { STACK: "prod" }, /no stack prod.*choose STACK from fixture/s],
    ["of a stack outside the folder", { STACK: "../etc" }, /no name of a stack/],
    ["of no stack", {}, /no stack is named.*make plan STACK=dev/s],
    ["of two bases", { STACK: "fixture", LIVE: "1", BASE: "HEAD" }, /LIVE=1.*give one of them/s],
    ["in an unknown format", { STACK: "fixture", FORMAT: "pdf" }, /FORMAT=pdf.*markdown or json/s],
  ])("%s is refused with the fix", async (_, env, message) => {
    const refused: unknown = await plan(repository.folder, env).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PlanError);
    expect(String(refused)).toMatch(message);
    expect(String(refused)).toContain("\n  fix: ");
    expectNothingLeft();
  });

  it.each([
    [
      "of an unknown commit",
      { STACK: "fixture", BASE: "nowhere" },
      /BASE=nowhere is no commit.*fix:/s,
    ],
    [
      "of the real state without the CLI",
      { STACK: "fixture", LIVE: "1", PATH: "/nowhere" },
      /no Pulumi CLI/,
    ],
  ])("%s is refused with one error on the terminal", async (_, env, message) => {
    const { code, stdout, stderr } = await repository.plan(env);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
    expectNothingLeft();
  });
});

describe("a plan of the real state", () => {
  it("is pulumi's own preview with the project's policies; it prints and ends as that does", async () => {
    using repository = new Repository();
    const pulumi = join(repository.folder, "pulumi");
    writeFileSync(pulumi, '#!/bin/sh\necho "$@"\nexit 3\n', { mode: 0o755 });
    const env = {
      STACK: "fixture",
      LIVE: "1",
      PATH: `${repository.folder}:${process.env["PATH"] ?? ""}`,
    };
    const options = "preview --stack fixture --policy-pack policy --non-interactive";
    expect(await repository.plan(env)).toEqual({
      code: 3,
      stdout: `${options} --diff\n`,
      stderr: "",
    });
    expect((await repository.plan({ ...env, FORMAT: "json" })).stdout).toBe(`${options} --json\n`);
  });
});

describe("a plan of wrong settings", () => {
  it("lists every problem as a preview would, and ends with 1", async () => {
    using repository = new Repository();
    repository.change("Pulumi.fixture.yaml", "203.0.113.7/32", "0.0.0.0/0");
    repository.change("Pulumi.fixture.yaml", "size:", "sise:");
    const { code, stdout } = await repository.plan({ STACK: "fixture", BASE: "HEAD" });
    expect(code).toBe(1);
    expect(stdout).toContain("settings have 2 problems");
    expect(stdout).toContain("`fogline:cloud.sshFrom[0]`: must not open SSH to the whole internet");
    expect(stdout).toContain("did you mean size?");
  });

  it("is no obstacle for the commit that puts them right", async () => {
    using repository = new Repository();
    repository.change("Pulumi.fixture.yaml", "size:", "sise:");
    repository.commit("Misspell a setting");
    repository.change("Pulumi.fixture.yaml", "sise:", "size:");
    const { stdout } = await repository.plan({ STACK: "fixture", BASE: "HEAD" });
    expect(stdout).toContain(
      "no difference is shown: the settings of fixture at HEAD have 1 problem",
    );
    expect(stdout).toContain("### Firewall");
  });
});
