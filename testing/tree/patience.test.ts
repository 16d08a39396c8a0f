/** Tests have no limits of their own for what may hang, and assert no elapsed time: see testing/patience.ts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";
import { expect, it } from "vitest";

/** Declare a test or a hook. */
const TESTS =
  /^(it|test|describe|suite|(before|after)(All|Each)|onTestFinished|onTestFailed)(\.|$)/;
/** Wait for a condition, or for a command's end. */
const WAITS = /^(vi\.wait(For|Until)|expect\.poll|until|AbortSignal\.timeout)$/;
const COMMANDS = /^(execa|execaSync|exec|execFile|execFileSync|execSync|fork|spawn|spawnSync)$/;

/** What is asked of a file; the program that runs tests, and what it asks of a lab, is none of them. */
function isTried(file: string): boolean {
  return (
    /\.test\.ts$/.test(file) ||
    (/(^|\/)testing\/|^lab\/official\/|^packages\/[^/]+\/contract\//.test(file) &&
      !/^testing\/(harness\/|patience\.ts$)/.test(file))
  );
}

/** A callee's name without the arguments between, e.g. `it.each` of `it.each([1])("…", …)`. */
function nameOf(callee: ts.Expression): string {
  if (ts.isIdentifier(callee)) {
    return callee.text;
  }
  if (ts.isPropertyAccessExpression(callee)) {
    return `${nameOf(callee.expression)}.${callee.name.text}`;
  }
  return ts.isCallExpression(callee) || ts.isTaggedTemplateExpression(callee)
    ? nameOf(ts.isCallExpression(callee) ? callee.expression : callee.tag)
    : "";
}

/** Names that a file has given to numbers of its own. */
function namesOf(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.initializer !== undefined &&
      isOwnNumber(node.initializer, names)
    ) {
      names.add(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Whether an expression is a number of the file's own, computed from nothing that is shared. */
function isOwnNumber(node: ts.Node, names: ReadonlySet<string>): boolean {
  if (ts.isNumericLiteral(node)) {
    return true;
  }
  if (ts.isIdentifier(node)) {
    return names.has(node.text);
  }
  if (ts.isParenthesizedExpression(node)) {
    return isOwnNumber(node.expression, names);
  }
  return (
    ts.isBinaryExpression(node) && isOwnNumber(node.left, names) && isOwnNumber(node.right, names)
  );
}

const isClock = (node: ts.Node): boolean => /^(Date|performance)\.now\(\)$/.test(node.getText());

/** `Date.now() - since` anywhere in an expression. */
function isElapsed(node: ts.Node): boolean {
  const isDifference =
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.MinusToken &&
    isClock(node.left);
  return isDifference || (ts.forEachChild(node, (child) => isElapsed(child) || undefined) ?? false);
}

/** What a node has against the rule; undefined for nothing. */
function faultOf(node: ts.Node, names: ReadonlySet<string>): string | undefined {
  if (ts.isStringLiteralLike(node) && /^--timeout=\d/.test(node.text)) {
    return "a limit of its own";
  }
  if (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.PlusToken &&
    isClock(node.left) &&
    isOwnNumber(node.right, names)
  ) {
    return "a deadline of its own";
  }
  if (!ts.isCallExpression(node)) {
    return undefined;
  }
  const name = nameOf(node.expression);
  if (/^expect\b.*\.toBeLessThan(OrEqual)?$/.test(name) && isElapsed(node.expression)) {
    return "an assertion on elapsed time";
  }
  const isTest = TESTS.test(name);
  if (!isTest && !WAITS.test(name) && !COMMANDS.test(name)) {
    return undefined;
  }
  const isLimit = (argument: ts.Node): boolean =>
    isOwnNumber(argument, names) ||
    (ts.isObjectLiteralExpression(argument) &&
      argument.properties.some(
        (property) =>
          ts.isPropertyAssignment(property) &&
          property.name.getText() === "timeout" &&
          isOwnNumber(property.initializer, names),
      ));
  return node.arguments.some(isLimit) ? "a limit of its own" : undefined;
}

/** Faults of a file, as `file:line has …`. */
function faults(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const names = namesOf(source);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const fault = faultOf(node, names);
    if (fault !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push(`${file}:${line + 1} has ${fault}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it.each([
  ['it("works", async () => {}, 60_000);', "a limit of its own"],
  ['it("works", { timeout: 60_000 }, async () => {});', "a limit of its own"],
  ['it.each([1])("%i", () => {}, 60 * 1000);', "a limit of its own"],
  ['describe("a", { timeout: 1000 }, () => {});', "a limit of its own"],
  ["const BUSY = 2 * 1000; beforeAll(() => {}, BUSY);", "a limit of its own"],
  ["await vi.waitFor(check, 20_000);", "a limit of its own"],
  ["await vi.waitUntil(check, { timeout: 20_000 });", "a limit of its own"],
  ["await expect.poll(read, { timeout: 500 }).toBe(1);", "a limit of its own"],
  ['await until("it", check, 60_000);', "a limit of its own"],
  ['await execa("a", [], { timeout: 1000 });', "a limit of its own"],
  ['await kubectl("wait", "--timeout=60s");', "a limit of its own"],
  ["const end = Date.now() + 20_000;", "a deadline of its own"],
  ["expect(Date.now() - since).toBeLessThan(3000);", "an assertion on elapsed time"],
  ["expect((Date.now() - since) / 1000).toBeLessThan(most);", "an assertion on elapsed time"],
])("refuses %s", (text, fault) => {
  expect(faults("a.test.ts", text)).toEqual([`a.test.ts:1 has ${fault}`]);
});

it.each([
  'import { TEST } from "./testing/patience.ts"; it("works", () => {}, 2 * TEST);',
  'import { CONDITION } from "../patience.ts"; const end = Date.now() + CONDITION;',
  "await expect.poll(read, { interval: 5 }).toBe(1);",
  // Inputs of what is tried.
  'clientOf(server.url, { timeout: 50 }); check("a", 600);',
  "const past = new Date(Date.now() - 60_000);",
  // How often, not how long.
  "await expect.poll(() => Date.now() - end).toBeGreaterThan(1000);",
])("lets %s be", (text) => {
  expect(faults("a.test.ts", text)).toEqual([]);
});

it("no test has limits of its own, and none asserts an elapsed time", () => {
  const folders = readdirSync(".", { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name),
  );
  const files = folders
    .flatMap(({ name }) =>
      readdirSync(name, { recursive: true, encoding: "utf8" }).map((file) => join(name, file)),
    )
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules/"))
    .filter((file) => isTried(file) && file !== "testing/tree/patience.test.ts");
  expect(files.length).toBeGreaterThan(200);
  expect(files.flatMap((file) => faults(file, readFileSync(file, "utf8")))).toEqual([]);
});
