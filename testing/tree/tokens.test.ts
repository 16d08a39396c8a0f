import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import ts from "typescript";
import { describe, expect, it } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");
/** Where components are declared. */
const FOLDERS = ["apps", "components", "stacks", "testing/fixtures/apps"];

/** A class whose type the engine records. */
interface Component {
  readonly file: string;
  readonly className: string;
  /** First argument of `super`, if that is a literal. */
  readonly token: string | undefined;
}

const sources = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", ...FOLDERS], {
  cwd: PROJECT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => {
    const text = readFileSync(join(PROJECT, file), "utf8");
    return { file, text, source: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
  });

const components = sources.flatMap(({ file, source }) =>
  source.statements
    .filter(ts.isClassDeclaration)
    .filter(({ heritageClauses = [] }) =>
      heritageClauses.some((clause) => /\bComponentResource\b/.test(clause.getText())),
    )
    .map((each): Component => ({
      file,
      className: each.name?.text ?? "",
      token: tokenOf(each),
    })),
);

function tokenOf(component: ts.ClassDeclaration): string | undefined {
  let token: string | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) {
      const [first] = node.arguments;
      token = first !== undefined && ts.isStringLiteral(first) ? first.text : undefined;
    }
    ts.forEachChild(node, visit);
  };
  visit(component);
  return token;
}

describe("the type token", () => {
  it("is looked for in every component", () => {
    expect(components.length).toBeGreaterThan(10);
    expect(components.map(({ className }) => className)).toContain("NetmakerOverlay");
  });

  it.each(components)("of $className names its folder and its class", (component) => {
    const folder = basename(dirname(component.file));
    expect(component.token).toBe(`fogline:${folder}:${component.className}`);
  });

  it("is of one component alone", () => {
    const tokens = components.map(({ token }) => token);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it("is spelled alike wherever one is named: others are aliases", () => {
    const tokens = new Set(components.map(({ token }) => token));
    const named = execFileSync("git", ["grep", "-nE", '"fogline:[a-z0-9-]+:[A-Z]', "--", "*.ts"], {
      cwd: PROJECT,
      encoding: "utf8",
    });
    const strangers = named
      .trim()
      .split("\n")
      .filter((line) => {
        const token = /"(fogline:[a-z0-9-]+:[A-Za-z]+)"/.exec(line)?.[1];
        return !tokens.has(token) && !/\btype: "fogline:|\{ type:/.test(line);
      });
    expect(strangers).toEqual([]);
  });
});
