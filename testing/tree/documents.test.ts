/** What the documents name exists: files, headings, `make` targets and npm scripts. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

import { describe, expect, it } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(PROJECT, path), "utf8");

/** Files of the tree, committed or not, by patterns of git's. */
function filesOf(...patterns: readonly string[]): string[] {
  const args = ["ls-files", "-co", "--exclude-standard", "--", ...patterns];
  return execFileSync("git", args, { cwd: PROJECT, encoding: "utf8" })
    .split("\n")
    .filter((path) => path !== "" && existsSync(join(PROJECT, path)));
}

const documents = filesOf("*.md").map((path) => ({ path, text: read(path) }));

const FENCE = /^( *)```.*\n([^]*?)^\1```$/gm;

/** A document without its blocks of code. */
function prose(text: string): string {
  return text.replaceAll(FENCE, "");
}

/** Commands of a document: lines of its blocks of code, and code within its sentences. */
function commands(text: string): string[] {
  const lines = [...text.matchAll(FENCE)].flatMap(([, , block = ""]) => block.split("\n"));
  const inline = [...prose(text).matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
  return [...lines, ...inline].map((line) => line.trim().replace(/^\$ /, ""));
}

/** Anchors of a document's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Why a link leads nowhere; undefined where it does not. */
function faultOf(document: string, link: string): string | undefined {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? document : normalize(join(dirname(document), file));
  if (!existsSync(join(PROJECT, target))) {
    return `${document}: ${link}: no such file`;
  }
  return anchor !== undefined &&
    !statSync(join(PROJECT, target)).isDirectory() &&
    !anchors(read(target)).includes(anchor)
    ? `${document}: ${link}: no such heading`
    : undefined;
}

/** Targets of the Makefile. */
const TARGETS = new Set(
  [...read("Makefile").matchAll(/^([a-z][a-z _-]*):(?!=)/gm)].flatMap(([, names = ""]) =>
    names.split(" "),
  ),
);

/** Targets that a command asks `make` for; README's `make up | down` names some at once. */
function targetsOf(command: string): string[] {
  const names = /^make ((?:[a-z-]+(?: \| | ?$|(?= )))+)/.exec(command)?.[1] ?? "";
  return names.split(/ \| |\s+/).filter((name) => /^[a-z][a-z-]*$/.test(name));
}

/** A file of one of the tree's folders, by its path alone. */
const TREE_FILE =
  /^(apps|ci|cis|components|config|docs|experiments|guide|lab|packages|pin|plan|policy|stacks|testing)\/[\w./-]+\.(ts|sh|md|ya?ml|json)$/;

/** Manifests of npm, the project's own first. */
const MANIFESTS = filesOf("package.json", "*/package.json");

/** Whether the npm script that a command runs is there: in the package that it names, or in any. */
function hasScript(command: string): boolean {
  const [, script, workspace] =
    /^npm run ([\w:-]+)(?:.* --workspace @fogline\/([\w-]+))?/.exec(command) ?? [];
  const places = workspace === undefined ? MANIFESTS : [`packages/${workspace}/package.json`];
  return (
    script === undefined ||
    places.some((place) => script in ((JSON.parse(read(place)) as Manifest).scripts ?? {}))
  );
}

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
}

describe("the documents", () => {
  it("are found with their commands and links", () => {
    expect(documents.map(({ path }) => path)).toContain("README.md");
    expect(
      documents.flatMap(({ text }) => commands(text)).flatMap(targetsOf).length,
    ).toBeGreaterThan(40);
    expect(targetsOf("make up | down | status # all")).toEqual(["up", "down", "status"]);
    expect(targetsOf("make plan STACK=dev")).toEqual(["plan"]);
    expect(faultOf("README.md", "docs/nowhere.md")).toMatch(/no such file/);
    expect(faultOf("README.md", "docs/azure.md#nowhere")).toMatch(/no such heading/);
  });

  it("link to files and headings that exist", () => {
    const broken = documents.flatMap(({ path, text }) =>
      [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = ""]) => link)
        .filter((link) => !/^[a-z]+:/.test(link))
        .flatMap((link) => faultOf(path, link) ?? []),
    );
    expect(broken).toEqual([]);
  });

  it("name targets of the Makefile", () => {
    const unknown = documents.flatMap(({ path, text }) =>
      commands(text)
        .flatMap(targetsOf)
        .filter((target) => !TARGETS.has(target))
        .map((target) => `${path}: make ${target}`),
    );
    expect(unknown).toEqual([]);
  });

  it("name npm scripts that exist", () => {
    const unknown = documents.flatMap(({ path, text }) =>
      commands(text)
        .filter((command) => !hasScript(command))
        .map((command) => `${path}: ${command}`),
    );
    expect(unknown).toEqual([]);
    expect(hasScript("npm run settings   # writes the table")).toBe(true);
    expect(hasScript("npm run nothing")).toBe(false);
    expect(hasScript("npm run settings --workspace @fogline/pulumi-netmaker")).toBe(false);
  });

  it("name files of the tree that exist, from its top or from the document's folder", () => {
    const missing = documents
      // The changelog names files of its time.
      .filter(({ path }) => path !== "CHANGELOG.md")
      .flatMap(({ path, text }) =>
        commands(text)
          .filter((command) => TREE_FILE.test(command) && !command.startsWith("apps/hello/"))
          .filter((file) =>
            [".", dirname(path)].every((base) => !existsSync(join(PROJECT, base, file))),
          )
          .map((file) => `${path}: ${file}`),
      );
    expect(missing).toEqual([]);
  });
});
