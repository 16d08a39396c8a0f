/** A git repository of its own that holds this program and a complete stack, `fixture`. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { linkPackages } from "../packages.ts";

const CHECKOUT = join(import.meta.dirname, "../..");
/** What a plan needs of the tree. */
const PARTS = [
  "index.ts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "config",
  "stacks",
];
const ROOMS = [
  "components",
  "apps",
  "packages",
  "testing",
  "policy",
  "plan",
  "lab/stand-ins/kubernetes",
];

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Repository implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "fogline-repository-"));

  constructor() {
    const files = git(CHECKOUT, "ls-files", "-co", "--exclude-standard", "--", ...PARTS, ...ROOMS);
    for (const file of files.split("\n")) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      cpSync(join(CHECKOUT, file), join(this.folder, file));
    }
    cpSync(
      join(import.meta.dirname, "Pulumi.fixture.yaml"),
      join(this.folder, "Pulumi.fixture.yaml"),
    );
    linkPackages(CHECKOUT, this.folder);
    writeFileSync(join(this.folder, ".gitignore"), "node_modules\n");
    git(this.folder, "init", "--quiet");
    this.commit("Base");
  }

  /** Replaces a text of a file; the file must hold it. */
  change(file: string, before: string, after: string): void {
    const path = join(this.folder, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(before)) {
      throw new Error(`${file} does not hold ${before}`);
    }
    writeFileSync(path, text.replaceAll(before, after));
  }

  /** Commits everything. */
  commit(subject: string): void {
    git(this.folder, "add", "--all");
    git(
      this.folder,
      "-c",
      "user.name=test",
      "-c",
      "user.email=test@localhost",
      "commit",
      "-qm",
      subject,
    );
  }

  /** Folders that git has checked out, this one included. */
  worktrees(): number {
    return git(this.folder, "worktree", "list").split("\n").length;
  }

  /** Starts a plan with these variables; the signal ends it early. */
  async plan(env: Record<string, string>, signal?: AbortSignal): Promise<Ended> {
    const child = spawn(process.execPath, ["--import", "tsx", "plan/cli.ts"], {
      cwd: this.folder,
      env: { PATH: process.env["PATH"], HOME: this.folder, TMPDIR: this.temporary(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    signal?.addEventListener("abort", () => child.kill("SIGTERM"));
    const printed = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.stderr += text));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, ...printed };
  }

  /** Processes that work in this repository, each as its command. */
  processes(): string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && this.isWorkedIn(name))
      .map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
  }

  private isWorkedIn(pid: string): boolean {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(this.folder);
    } catch {
      // Ended since it was listed, or somebody else's.
      return false;
    }
  }

  /** Where plans of this repository put what they need for a while. */
  temporary(): string {
    const folder = join(this.folder, ".git/tmp");
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function git(folder: string, ...args: string[]): string {
  return execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" }).trim();
}
