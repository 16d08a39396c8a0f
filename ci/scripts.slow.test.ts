/** The workflows' scripts, each in a process of its own, with stand-ins of the programs they call. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as signatures from "@fogline/pulumi-kit/signatures";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";

import { CONDITION } from "../testing/patience.ts";

const PROJECT = join(import.meta.dirname, "..");
const SECRET = "opaque-and-very-secret";
const STATE = JSON.stringify({
  [signatures.SIGNATURE]: signatures.SECRET,
  plaintext: JSON.stringify(SECRET),
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-ci-"));
  mkdirSync(join(folder, "bin"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Puts a stand-in on the PATH that notes how it was called and then runs `script`. */
function standIn(name: string, script: string): void {
  const log = `echo "${name} $*" >>'${folder}/calls'`;
  writeFileSync(join(folder, "bin", name), `#!/bin/bash\n${log}\n${script}\n`, { mode: 0o755 });
}

/** A Pulumi whose state holds {@link SECRET}, and that answers `preview` and `up` as given. */
function pulumi(answer: string): void {
  const state = `'${STATE}'`;
  standIn("pulumi", `case $1 in stack) echo ${state};; config) echo '{}';; *) ${answer};; esac`);
}

async function run(script: string, args: string[], env: Record<string, string> = {}) {
  const summary = join(folder, "summary");
  const outcome = await execa(join(PROJECT, "ci", script), args, {
    env: {
      PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
      GITHUB_STEP_SUMMARY: summary,
      TMPDIR: folder,
      ...env,
    },
    reject: false,
    timeout: CONDITION,
  });
  return {
    exitCode: outcome.exitCode,
    stdout: outcome.stdout,
    printed: outcome.stdout + outcome.stderr,
    summary: existsSync(summary) ? readFileSync(summary, "utf8") : "",
    calls: existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8") : "",
  };
}

const report = (name: string): string => readFileSync(join(folder, "out", name), "utf8");

it("plans every stack but the lab and ends with the worst status", async () => {
  standIn("make", 'case "$*" in *STACK=dev*) echo "## Plan of dev"; exit 1;; esac');
  const { exitCode, calls, summary } = await run("plan.sh", [join(folder, "out"), "HEAD"]);
  expect(exitCode).toBe(1);
  expect(report("dev.plan.md")).toBe("## Plan of dev\n");
  expect(summary).toContain("## Plan of dev");
  expect(calls).toMatch(/plan STACK=dev BASE=[0-9a-f]{40}/);
  expect(calls).not.toContain("STACK=lab");
});

it("reports why a stack cannot be planned", async () => {
  standIn("make", 'case "$*" in *STACK=*) echo "no such commit" >&2; exit 2;; esac');
  const { exitCode } = await run("plan.sh", [join(folder, "out"), "HEAD"]);
  expect(exitCode).toBe(2);
  expect(report("dev.plan.log")).toBe("no such commit\n");
});

it("previews with the state's secrets masked, and ends with the preview's status", async () => {
  pulumi(`echo "+ token: ${SECRET}"; exit 4`);
  const { exitCode, printed } = await run("preview.sh", ["dev", join(folder, "out")]);
  expect(exitCode).toBe(4);
  expect(report("dev.preview.log")).toBe("+ token: [masked]\n");
  expect(printed).not.toContain(SECRET);
});

it("prints nothing of a preview whose secrets cannot be read", async () => {
  standIn("pulumi", `case $1 in stack) exit 1;; *) echo "${SECRET}";; esac`);
  const { exitCode, printed, calls } = await run("preview.sh", ["dev", join(folder, "out")]);
  expect(exitCode).not.toBe(0);
  expect(printed).not.toContain(SECRET);
  expect(calls).not.toContain("pulumi preview");
});

it("masks what an update prints and says that the stack is up", async () => {
  pulumi(`echo "made ${SECRET}"`);
  const { exitCode, printed, summary, calls } = await run("deploy.sh", ["dev"]);
  expect({ exitCode, summary }).toEqual({ exitCode: 0, summary: "Stack `dev`: up\n" });
  expect(printed).toContain("made [masked]");
  expect(calls).toMatch(/pulumi up --stack dev --yes .*--policy-pack policy/);
  // What a preview refuses is refused before anything is changed.
  expect(calls).not.toContain("--skip-preview");
});

it("interrupts an update that takes too long, and waits for it to end by itself", async () => {
  // It stands in for long work: only the interrupt ends it, which comes when its trap has long been set.
  pulumi(`trap 'echo gave the lock back; exit 130' INT; while :; do sleep 0.1; done`);
  const { exitCode, printed } = await run("deploy.sh", ["dev"], { DEPLOY_MINUTES: "0.1" });
  expect(printed).toContain("gave the lock back");
  expect(exitCode).not.toBe(0);
});

it("shows a lock: who holds it, since when, and how to free it", async () => {
  const holder =
    "azblob://state/locks/dev/1.json: created by ann@desk (pid 9) at 2026-01-01T00:00:00Z";
  pulumi(`echo 'error: the stack is currently locked by 1 lock(s).'; echo '  ${holder}'; exit 255`);
  const { exitCode, summary } = await run("deploy.sh", ["dev"]);
  expect(exitCode).toBe(75);
  expect(summary).toContain(holder);
  expect(summary).toContain("pulumi cancel --stack dev");
});

it("tells drift from none and from a look that failed, and shows no value", async () => {
  // As the engine prints them: looks at everything first, then what the program would do.
  const steps = (...all: [op: string, name: string][]): string =>
    JSON.stringify({
      steps: all.map(([op, name]) => ({
        op,
        urn: `urn:pulumi:dev::fogline::x:index:Y::${name}`,
        newState: { inputs: SECRET },
        detailedDiff: null,
      })),
    });
  const unchanged = steps(
    ...([
      ["refresh", "stack"],
      ["refresh", "one"],
      ["update", "status"],
    ] as [string, string][]),
    ...([
      ["same", "stack"],
      ["same", "one"],
      ["same", "status"],
      ["read", "image"],
    ] as [string, string][]),
  );
  pulumi(`echo '${unchanged}'`);
  expect(await run("drift.sh", ["dev"])).toMatchObject({
    exitCode: 0,
    summary: "Stack `dev`: no drift\n",
  });
  const changed = steps(
    ...([
      ["refresh", "one"],
      ["delete", "gone"],
      ["update", "two"],
    ] as [string, string][]),
    ...([
      ["same", "one"],
      ["create", "gone"],
      ["update", "two"],
      ["replace", "three"],
    ] as [string, string][]),
    ["delete", "four"],
  );
  pulumi(`echo '${changed}'`);
  const drifted = await run("drift.sh", ["dev"]);
  expect(drifted.exitCode).toBe(3);
  const listed = drifted.summary.match(/^- \w+ .*$/gm);
  expect(listed?.sort()).toEqual(
    ["create gone", "delete four", "replace three", "update two"]
      .map((line) => line.split(" "))
      .map(([op, name]) => `- ${op ?? ""} \`urn:pulumi:dev::fogline::x:index:Y::${name ?? ""}\``),
  );
  expect(drifted.summary + drifted.printed).not.toContain(SECRET);
  pulumi(`echo "no login, ${SECRET}" >&2; exit 5`);
  const failed = await run("drift.sh", ["dev"]);
  expect(failed.exitCode).toBe(5);
  expect(failed.printed).toContain("no login, [masked]");
});

const DIGEST = `sha256:${"a".repeat(64)}`;
function docker(platforms: string[]): void {
  const manifests = platforms.map((name) => {
    const [os, architecture] = name.split("/");
    return { platform: { os, architecture } };
  });
  const metadata = JSON.stringify({ "containerimage.digest": DIGEST });
  standIn(
    "docker",
    `case "$*" in
      *Manifest.Digest*) echo sha256:base;;
      *SBOM*) echo '{"packages":[{}]}';;
      *--raw*) echo '${JSON.stringify({ manifests })}';;
      *build\\ *) while [ "$1" != --metadata-file ]; do shift; done; echo '${metadata}' >"$2";;
    esac`,
  );
  standIn("cosign", "");
}
const WHO = { IDENTITY: "^https://github.example/", ISSUER: "https://issuer.example" };

it("builds, signs and verifies an image by digest, for both architectures", async () => {
  docker(["linux/amd64", "linux/arm64"]);
  const { exitCode, stdout, calls } = await run("image.sh", ["ghcr.io/Some/site", "v1"], WHO);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `ghcr.io/some/site@${DIGEST}` });
  expect(calls).toMatch(/--build-arg BASE=\S+@sha256:base --platform linux\/amd64,linux\/arm64/);
  expect(calls).toContain(`cosign sign --yes ghcr.io/some/site@${DIGEST}`);
  expect(calls).toContain(`cosign verify ghcr.io/some/site@${DIGEST}`);
});

it("signs no image that lacks an architecture", async () => {
  docker(["linux/amd64"]);
  const { exitCode, printed, calls } = await run("image.sh", ["ghcr.io/some/site", "v1"], WHO);
  expect(exitCode).toBe(1);
  expect(printed).toContain("has no linux/arm64: not signed");
  expect(calls).not.toContain("cosign");
});
