/**
 * Writes what a finished run found into the pull request: one comment for each stack, edited when
 * there is one already. `node ci/comment.ts <folder of reports>`
 *
 * It runs with a token that may write comments, so it trusts the event and GitHub's answers alone:
 * the reports were made by a pull request's own code, and are data. It needs no packages.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

import { github, type GitHub } from "./github.ts";
import { redactor } from "./redact.ts";
import {
  marker,
  readSections,
  renderComment,
  safeLog,
  safeMarkdown,
  SECTIONS,
  type Section,
  type SectionName,
} from "./sections.ts";

export interface Run {
  readonly project: string;
  /** The commit that the run was of, its branch and that branch's owner. */
  readonly commit: string;
  readonly owner: string;
  readonly branch: string;
  /** The run's page: where everything that was cut can be read. */
  readonly url: string;
  /** The login that comments are written under. Others' comments are never edited. */
  readonly author: string;
}

export interface Report {
  readonly stack: string;
  readonly section: Section;
}

/** A larger report is no report: a plan of a thousand resources has a tenth of it. */
const LARGEST_REPORT_BYTES = 5_000_000;
/** How many stacks a run may report; more is a flood of comments. */
const MOST_STACKS = 10;

/** Reads `<stack>.<section>.md` (Markdown) and `<stack>.<section>.log` (what a program printed). */
export function readReports(folder: string, run: Run): Report[] {
  const redact = redactor();
  const reports = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .flatMap((path): Report[] => {
      const [, stack, name, kind] = /^([\w-]{1,100})\.(\w+)\.(md|log)$/.exec(basename(path)) ?? [];
      if (stack === undefined || name === undefined || !Object.hasOwn(SECTIONS, name)) {
        return [];
      }
      const file = join(folder, path);
      const { size } = statSync(file);
      if (size > LARGEST_REPORT_BYTES) {
        throw new Error(`${path} has ${size} bytes, over ${LARGEST_REPORT_BYTES}: not commented`);
      }
      const text = redact(readFileSync(file, "utf8"));
      const body =
        kind === "md" ? safeMarkdown(text, run.url) : safeLog("What it printed", text, run.url);
      return [{ stack, section: { name: name as SectionName, commit: run.commit, body } }];
    });
  const stacks = new Set(reports.map(({ stack }) => stack));
  if (stacks.size > MOST_STACKS) {
    throw new Error(`${stacks.size} stacks are reported, over ${MOST_STACKS}: not commented`);
  }
  return reports;
}

/** Creates or edits the comments; returns what it did, a line each. */
export async function comment(
  api: GitHub,
  run: Run,
  reports: readonly Report[],
): Promise<string[]> {
  const open = await api.pullRequests(run.owner, run.branch);
  const pulls = open.filter(({ head }) => head.sha === run.commit);
  if (pulls.length === 0) {
    return [`no open pull request is at ${run.commit}: a later run will comment`];
  }
  const done: string[] = [];
  for (const { number } of pulls) {
    const comments = await api.comments(number);
    for (const stack of new Set(reports.map((report) => report.stack))) {
      const first = marker(run.project, stack);
      const mine = comments.find(
        ({ author, body }) => author === run.author && body.replaceAll("\r", "").startsWith(first),
      );
      const fresh = reports.filter((report) => report.stack === stack).map((r) => r.section);
      const kept = readSections((mine?.body ?? "").replaceAll("\r", "")).filter(
        ({ name }) => !fresh.some((section) => section.name === name),
      );
      const body = renderComment(run.project, stack, run.commit, [...kept, ...fresh]);
      if (mine === undefined) {
        await api.create(number, body);
      } else {
        await api.edit(mine.id, body);
      }
      done.push(`#${number}: ${mine === undefined ? "created" : "edited"} the comment of ${stack}`);
    }
  }
  return done;
}

interface WorkflowRunEvent {
  readonly workflow_run: {
    readonly head_sha: string;
    readonly head_branch: string;
    readonly html_url: string;
    readonly head_repository: { readonly owner: { readonly login: string } };
  };
}

/** The run that the event names. */
export function runOf(env: NodeJS.ProcessEnv): Run {
  const event = JSON.parse(readFileSync(needed(env, "GITHUB_EVENT_PATH"), "utf8")) as unknown;
  const { workflow_run: run } = event as WorkflowRunEvent;
  return {
    project: "fogline",
    commit: run.head_sha,
    owner: run.head_repository.owner.login,
    branch: run.head_branch,
    url: run.html_url,
    author: env["COMMENT_AUTHOR"] ?? "github-actions[bot]",
  };
}

function needed(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name} is not set: GitHub Actions sets it, or the workflow must`);
  }
  return value;
}

/** The whole script; returns what it did, a line each. */
export async function main([folder]: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const run = runOf(env);
  const url = env["GITHUB_API_URL"] ?? "https://api.github.com";
  const api = github(url, needed(env, "GITHUB_REPOSITORY"), needed(env, "GITHUB_TOKEN"));
  if (folder === undefined) {
    throw new Error("name the folder of reports: node ci/comment.ts <folder>");
  }
  return comment(api, run, readReports(folder, run));
}

if (process.argv[1] === import.meta.filename) {
  for (const line of await main(process.argv.slice(2), process.env)) {
    process.stdout.write(`${line}\n`);
  }
}
