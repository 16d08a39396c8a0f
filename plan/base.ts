/** The checkout of another commit, for the time of a plan. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { PlanError } from "./error.ts";
import { linkPackages } from "./packages.ts";
import { temporaryFolder } from "./temporary.ts";

/** A commit's files in a folder of their own, with the packages that are installed here. */
export interface BaseCheckout extends Disposable {
  readonly folder: string;
  readonly ref: string;
  /** Short id of the commit. */
  readonly commit: string;
  /** What a reader of the difference should know of how it was made. */
  readonly notes: readonly string[];
}

/**
 * Checks a commit out beside this checkout; disposing of it, or ending the process by a signal,
 * removes it again.
 *
 * @throws PlanError when git knows no such commit
 */
export function checkOutBase(checkout: string, ref: string): BaseCheckout {
  const commit = commitOf(checkout, ref);
  const temporary = temporaryFolder("fogline-base-", (parent) => {
    const made = join(parent, "checkout");
    // Forced twice: an add that was interrupted leaves its lock.
    spawnSync("git", ["-C", checkout, "worktree", "remove", "--force", "--force", made]);
  });
  const folder = join(temporary.folder, "checkout");
  try {
    // A checkout of files, not a developer's: no hook of his is to run.
    git(checkout, [
      "-c",
      "core.hooksPath=/dev/null",
      "worktree",
      "add",
      "--detach",
      folder,
      commit,
    ]);
    linkPackages(checkout, folder);
  } catch (error) {
    temporary[Symbol.dispose]();
    throw error;
  }
  return {
    folder,
    ref,
    commit: commit.slice(0, 12),
    notes: lockNotes(checkout, folder, ref),
    [Symbol.dispose]: () => {
      temporary[Symbol.dispose]();
    },
  };
}

function commitOf(checkout: string, ref: string): string {
  try {
    return git(checkout, [
      "rev-parse",
      "--verify",
      "--quiet",
      "--end-of-options",
      `${ref}^{commit}`,
    ]);
  } catch {
    const isShallow = git(checkout, ["rev-parse", "--is-shallow-repository"]) === "true";
    throw new PlanError(
      `BASE=${ref} is no commit that git knows here`,
      isShallow
        ? "this is a shallow clone: run `git fetch --unshallow`, or fetch that ref"
        : "name a branch, a tag or a commit; `git fetch` brings new ones",
    );
  }
}

function lockNotes(checkout: string, folder: string, ref: string): string[] {
  const [now, then] = [checkout, folder].map((where) => {
    try {
      return readFileSync(join(where, "package-lock.json"), "utf8");
    } catch {
      return undefined;
    }
  });
  return now === then
    ? []
    : [
        `package-lock.json differs from that of ${ref}, whose program ran with the packages of here`,
      ];
}

function git(checkout: string, args: readonly string[]): string {
  return execFileSync("git", ["-C", checkout, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}
