/** Habits of the program's source that neither the compiler nor the linter looks after. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";
import { expect, it } from "vitest";

/** Options that change what the engine does by itself, and so need a reason. */
const TO_EXPLAIN = new Set(["dependsOn", "ignoreChanges", "customTimeouts"]);
const LONGEST_CONSTRUCTOR = 60;

const sources = ["components", "stacks"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/(^|\/)testing\/|\.test\.ts$/.test(file))
    .map((file) => join(folder, file)),
);

/** Places in the sources that are found wanting, as `file:line`. */
function found(isWanting: (node: ts.Node, source: ts.SourceFile) => boolean): string[] {
  return sources.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
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
