/** Habits of shell scripts that shellcheck does not look after. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");

/** Sections of systemd's files; those of WireGuard's are others. */
const SECTION = /\[(Unit|Install|Service|Socket|Timer|Mount|Swap|Path|Slice|Journal|Network)\]/;

const scripts = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", "*.sh"], {
  cwd: PROJECT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(PROJECT, file)));

/** What is wrong with a script's text. */
function faults(text: string): string[] {
  const lines = text.split("\n");
  const first = lines.find((line) => line !== "" && !line.startsWith("#"));
  return [
    ...(first === "set -euo pipefail"
      ? []
      : [`begins with ${first ?? "nothing"}, not with set -euo pipefail`]),
    ...lines.flatMap((line, index) =>
      SECTION.test(line)
        ? [
            `line ${index + 1} writes a file of systemd: render it by unitFile, hand it over as a value`,
          ]
        : [],
    ),
  ];
}

describe("a shell script", () => {
  it("is looked for in every folder", () => {
    expect(scripts).toContain("components/remote/scripts/files.sh");
    expect(scripts).toContain("ci/deploy.sh");
    expect(scripts).toContain("apps/database/image/docker-entrypoint.sh");
  });

  it.each(scripts)(
    "%s, or a part of one, ends at the first failure, and writes no unit of its own",
    (file) => {
      expect(faults(readFileSync(join(PROJECT, file), "utf8"))).toEqual([]);
    },
  );

  it.each([
    ["that sets nothing", "#!/bin/bash\n# Does.\n\nfalse\n", /^begins with false/],
    ["that goes on after a failure", "# Does.\nset -uo pipefail\n", /^begins with set -uo/],
    [
      "that sets it too late",
      "# Does.\nreadonly A=1\nset -euo pipefail\n",
      /^begins with readonly/,
    ],
    ["that is empty", "# Does nothing.\n", /^begins with nothing/],
    ["that writes a unit", 'set -euo pipefail\nput a 0644 "[Unit]\nAfter=b"\n', /^line 2 writes/],
    ["that prints a drop-in", "set -euo pipefail\nprintf '[Service]\\nUser=a\\n'\n", /^line 2/],
  ])("%s is found", (_what, text, fault) => {
    expect(faults(text)).toEqual([expect.stringMatching(fault)]);
  });

  it("with comments, a shebang and empty lines before it is none", () => {
    expect(faults("#!/bin/bash\n# Does.\n\n# More.\nset -euo pipefail\n[ -e a ]\n")).toEqual([]);
  });
});
