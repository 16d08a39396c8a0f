/** A test file's suffix names its project, so that no file is run twice or never (vitest.config.ts). */
import { execFileSync } from "node:child_process";

import { expect, it } from "vitest";

/** Suffixes other than the plain one of a unit test, and where such files may stand. */
const SUFFIXES: Readonly<Record<string, RegExp>> = {
  slow: /./,
  contract: /\/contract\//,
  lab: /^lab\/tests\/[^/]+$/,
  host: /^lab\/tests\/host\/[^/]+$/,
};

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.test.ts"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "");

it("every test file's suffix is one of the projects', in a folder that the project looks at", () => {
  const unknown = files.filter((file) => {
    const suffix = /\.([^./]+)\.test\.ts$/.exec(file)?.[1];
    return suffix !== undefined && SUFFIXES[suffix]?.test(file) !== true;
  });
  expect(unknown).toEqual([]);
});
