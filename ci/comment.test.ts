import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";

import { CONDITION } from "../testing/patience.ts";
import { main } from "./comment.ts";
import { marker } from "./sections.ts";
import { BOT, startGitHub, TOKEN, type StoredComment } from "./testing/github-server.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const LATER = "fedcba9876543210fedcba9876543210fedcba98";
const RUN_URL = "https://github.example/o/r/actions/runs/1";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-comment-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Comments of other people, more than one page of them. */
function chatter(): StoredComment[] {
  return Array.from({ length: 130 }, (_, index) => ({
    id: index + 1,
    // One of them copies the hidden mark.
    body: index === 3 ? `${marker("fogline", "dev")}\nmine!` : `remark ${index}`,
    user: { login: "somebody" },
  }));
}

/** What the script is started with: the folder of reports, and what the workflow sets. */
function given(
  apiUrl: string,
  reports: Record<string, string>,
  commit = COMMIT,
): [string, Record<string, string>] {
  const reportFolder = join(folder, "reports");
  rmSync(reportFolder, { recursive: true, force: true });
  for (const [path, text] of Object.entries(reports)) {
    const file = join(reportFolder, "reports-plan", path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
  const event = join(folder, "event.json");
  const head = { head_sha: commit, head_branch: "topic", html_url: RUN_URL };
  const workflow_run = { ...head, head_repository: { owner: { login: "someone" } } };
  writeFileSync(event, JSON.stringify({ workflow_run }));
  const env = {
    GITHUB_API_URL: apiUrl,
    GITHUB_REPOSITORY: "o/r",
    GITHUB_TOKEN: TOKEN,
    GITHUB_EVENT_PATH: event,
  };
  return [reportFolder, env];
}

/** Runs the script; what it did. */
function run(...args: Parameters<typeof given>): Promise<string[]> {
  const [reportFolder, env] = given(...args);
  return main([reportFolder], env);
}

it("creates one comment and edits it the second time, behind a page of other people's", async () => {
  await using server = await startGitHub(COMMIT, chatter());

  const first = await run(server.url, { "dev.plan.md": "## Plan\n\n1 created" });
  expect(first).toEqual(["#7: created the comment of dev"]);
  const second = await run(server.url, { "dev.plan.md": "## Plan\n\n2 created" });
  expect(second).toEqual(["#7: edited the comment of dev"]);

  const mine = server.comments.filter(({ user }) => user.login === BOT);
  expect(mine).toHaveLength(1);
  expect(mine[0]?.body).toContain("2 created");
  expect(mine[0]?.body).not.toContain("1 created");
  expect(server.comments.filter(({ user }) => user.login !== BOT)).toEqual(chatter());
});

it("writes one comment for each stack, and keeps the section that another run wrote", async () => {
  await using server = await startGitHub(COMMIT, chatter());
  await run(server.url, { "dev.plan.md": "plan of dev", "prod.plan.md": "plan of prod" });
  await run(server.url, { "dev.preview.log": "real state of dev" });

  const mine = server.comments.filter(({ user }) => user.login === BOT);
  expect(mine).toHaveLength(2);
  expect(mine[0]?.body).toMatch(/plan of dev[\s\S]*real state of dev/);
  expect(mine[1]?.body).toContain("plan of prod");
});

it("leaves the comment to a later run when the branch has moved on", async () => {
  await using server = await startGitHub(LATER, []);
  const [said] = await run(server.url, { "dev.plan.md": "old" });
  expect(said).toContain("no open pull request is at 0123456789abcdef");
  expect(server.comments).toEqual([]);
});

it("never writes a planted secret, nor its own token", async () => {
  await using server = await startGitHub(COMMIT, []);
  const planted = {
    key: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----",
    token: `K10${"ab12".repeat(16)}::server:0f1e2d3c4b5a69788796a5b4c3d2e1f0`,
    passphrase: "PULUMI_CONFIG_PASSPHRASE=correct-horse-battery",
    kubeconfig: "    client-key-data: LS0tLS1CRUdJTiBFQyBQUklWQVRF",
  };
  const text = Object.values(planted).join("\n");
  await run(server.url, { "dev.plan.md": text, "dev.preview.log": text });
  const body = server.comments[0]?.body ?? "";
  expect(body).toContain("[masked]");
  for (const piece of ["b3BlbnNza", "0f1e2d3c", "correct-horse", "LS0tLS1C", TOKEN]) {
    expect(body).not.toContain(piece);
  }
});

it("cuts plans that are too long for GitHub and says where all of them is", async () => {
  await using server = await startGitHub(COMMIT, []);
  const long = `## Plan\n\n⛔ opens a port\n\n### Resources\n\n${"- a resource\n".repeat(20_000)}`;
  await run(server.url, { "dev.plan.md": long, "dev.preview.log": long });
  expect(server.comments[0]?.body).toContain("⛔ opens a port");
  expect(server.comments[0]?.body).toMatch(/more lines do not fit here.*actions\/runs\/1/);
});

it("says what it did in a process of its own, and ends with GitHub's refusal, less the token", async () => {
  await using server = await startGitHub(COMMIT, []);
  const start = (url: string) => {
    const [reportFolder, env] = given(url, { "dev.plan.md": "plan" });
    const args = ["--import", "tsx", "ci/comment.ts", reportFolder];
    return execa("node", args, { env, reject: false, timeout: CONDITION });
  };
  expect(await start(server.url)).toMatchObject({
    exitCode: 0,
    stdout: "#7: created the comment of dev",
  });
  const { exitCode, stderr } = await start(`${server.url}/elsewhere`);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/GET \/pulls\S+ GitHub answered 404: .*Not Found/);
  expect(stderr).not.toContain(TOKEN);
});
