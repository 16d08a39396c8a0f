/** Each timer of the failover is told to one program, and docs/failover.md shows all of them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { TIMER_NAMES, TIMERS } from "../../config/failover.ts";
import { failoverDocument } from "../../stacks/failover-document.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Files that look at a timer which another one tells to its program, with their reasons. */
const LOOKED_AT: Readonly<Record<string, string>> = {
  "apps/placement.ts defaultTolerationSeconds": "pods that must not have it say so",
  "components/k3s/units.ts graceSeconds":
    "a server that is patient by itself needs no help with it",
};

/** Where the program uses timers, `timers.name` or `given(timers, "name")`: file and name, each once. */
function uses(): string[] {
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts"], {
    cwd: ROOT,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => /^(apps|components|stacks)\//.test(file))
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file));
  const found = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    return [...text.matchAll(/\btimers\.(\w+)|given\(timers, "(\w+)"\)/g)].flatMap(
      ([, direct, told]) => {
        const name = direct ?? told ?? "";
        return name in TIMERS ? [`${file} ${name}`] : [];
      },
    );
  });
  return [...new Set(found)];
}

describe("the timers of the failover", () => {
  it("are each used in one place, so that none is a setting without effect", () => {
    const all = uses();
    expect(all).toEqual(expect.arrayContaining(Object.keys(LOOKED_AT)));
    const names = all.filter((use) => !(use in LOOKED_AT)).map((use) => use.split(" ")[1]);
    expect(names.sort()).toEqual([...TIMER_NAMES].sort());
  });

  it("stand in docs/failover.md with their values; npm run settings writes it", () => {
    const text = readFileSync(join(ROOT, "docs/failover.md"), "utf8");
    expect(failoverDocument(text)).toBe(text);
  });
});
