/** Habits of the program's source that neither the compiler nor the linter looks after. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";
import { expect, it } from "vitest";

/** Options that change what the engine does by itself, and so need a reason. */
const TO_EXPLAIN = new Set(["dependsOn", "ignoreChanges", "customTimeouts"]);
const LONGEST_CONSTRUCTOR = 60;

const PROJECT = join(import.meta.dirname, "../..");
/** The app that `docs/add-an-app.md` is about: an example of these habits as well. */
const FIXTURES = "testing/fixtures/apps/";
const FOLDERS = ["apps", "components", "stacks", FIXTURES];

const sources = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", ...FOLDERS], {
  cwd: PROJECT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .filter((file) => file.startsWith(FIXTURES) || !/(^|\/)testing\//.test(file))
  .filter((file) => existsSync(join(PROJECT, file)))
  .map((file) => {
    const text = readFileSync(join(PROJECT, file), "utf8");
    return { file, source: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
  });

/** Places in the sources that are found wanting, as `file:line`. */
function found(isWanting: (node: ts.Node, source: ts.SourceFile) => boolean): string[] {
  return sources.flatMap(({ file, source }) => {
    const places: string[] = [];
    const visit = (node: ts.Node): void => {
      if (isWanting(node, source)) {
        places.push(`${file}:${lineOf(node.getStart(source), source)}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return places;
  });
}

function lineOf(position: number, source: ts.SourceFile): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

/** Whether a comment stands before a node, or before what it is a part of within its statement. */
function isExplained(node: ts.Node, source: ts.SourceFile): boolean {
  const before = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  const isWhole = ts.isStatement(node) || ts.isFunctionLike(node);
  return before.length > 0 || (!isWhole && isExplained(node.parent, source));
}

it("every option that orders or silences changes says why", () => {
  const unexplained = found(
    (node, source) =>
      ts.isPropertyAssignment(node) &&
      TO_EXPLAIN.has(node.name.getText(source)) &&
      !isExplained(node, source),
  );
  expect(unexplained).toEqual([]);
});

it(`no constructor has more than ${LONGEST_CONSTRUCTOR} lines`, () => {
  const long = found(
    (node, source) =>
      ts.isConstructorDeclaration(node) &&
      lineOf(node.end, source) - lineOf(node.getStart(source), source) >= LONGEST_CONSTRUCTOR,
  );
  expect(long).toEqual([]);
});

it("the source is looked at in every part of the program", () => {
  const folders = new Set(sources.map(({ file }) => file.split("/")[0]));
  expect(folders).toEqual(new Set(["apps", "components", "stacks", "testing"]));
});

it("every component records what it was told: its settings and the names of its parts", () => {
  const mute = found((node) => {
    if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.SuperKeyword) {
      return false;
    }
    const [type, , inputs] = node.arguments;
    const isComponent = type !== undefined && ts.isStringLiteral(type);
    const isEmpty =
      inputs === undefined ||
      (ts.isObjectLiteralExpression(inputs) && inputs.properties.length === 0);
    return isComponent && isEmpty;
  });
  expect(mute).toEqual([]);
});
