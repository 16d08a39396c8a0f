import { describe, expect, it } from "vitest";

import { endOf, errorsOutside } from "./outside.ts";

/** As Vitest prints an error that belongs to no test. */
function printed(kind: string, words: string, file = "a/b.test.ts", test = "it works"): string {
  return `⎯⎯⎯⎯ ${kind} ⎯⎯⎯⎯⎯
${words}
 ❯ a/b.test.ts:2:23
      1| it("works", () => {
      2|   void Promise.reject(new TypeError("no"));
       |                       ^
 ❯ node_modules/@vitest/runner/dist/chunk-hooks.js:155:11
 ❯ processTicksAndRejections node:internal/process/task_queues:95:5

⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯
Serialized Error: { code: 'EPIPE' }
This error originated in "${file}" test file. It doesn't mean the error was thrown inside the file itself, but while it was running.
The latest test that might've caused the error is "${test}". It might mean one of the following:
- The error was thrown, while Vitest was running this test.
- If the error occurred after the test had been completed, this was the last documented test before it was thrown.
⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯
`;
}

function log(...errors: readonly string[]): string {
  return ` ✓ a/b.test.ts (1 test) 118ms
⎯⎯⎯⎯⎯⎯ Unhandled Errors ⎯⎯⎯⎯⎯⎯

Vitest caught ${errors.length} unhandled errors during the test run.
This might cause false positive tests. Resolve unhandled errors to make sure your tests are not affected.

${errors.join("\n")}

 Test Files  1 passed (1)
     Errors  ${errors.length} errors

JSON report written to one.json
`;
}

describe("errors outside of tests", () => {
  it("are told with their words, their place and the test that ran", () => {
    const words = "TypeError: nobody waits\nfor this";
    expect(errorsOutside(log(printed("Unhandled Rejection", words)))).toEqual([
      "TypeError: nobody waits (during a/b.test.ts > it works)",
      "  for this",
      "   ❯ a/b.test.ts:2:23",
      '        1| it("works", () => {',
      '        2|   void Promise.reject(new TypeError("no"));',
      "         |                       ^",
      "  Serialized Error: { code: 'EPIPE' }",
    ]);
  });

  it("are found whatever their colours are", () => {
    const coloured = printed("Uncaught Exception", "Error: no")
      .split("\n")
      .map((line) => `\u001b[31m${line}\u001b[39m`)
      .join("\n");
    expect(errorsOutside(coloured)[0]).toBe("Error: no (during a/b.test.ts > it works)");
  });

  it("of the main process have no file", () => {
    const words = "Error: [vitest-worker]: Timeout calling onTaskUpdate";
    expect(errorsOutside(log(`⎯⎯⎯⎯⎯⎯ Unhandled Error ⎯⎯⎯⎯⎯⎯⎯\n${words}\n`))).toEqual([words]);
  });

  it("are told of in the first line by the first, and some of the others after it", () => {
    const errors = [1, 2, 3, 4, 5].map((n) => printed("Unhandled Rejection", `Error: no ${n}`));
    const lines = errorsOutside(log(...errors));
    expect(lines[0]).toBe("Error: no 1 (during a/b.test.ts > it works), and 4 more");
    expect(lines.filter((line) => line.startsWith("Error: "))).toHaveLength(3);
    expect(lines.at(-1)).toBe("… and 2 more in the log");
  });

  it("are cut where they are long", () => {
    const words = ["Error: no", ...Array.from({ length: 80 }, (_, n) => `because ${n}`)].join("\n");
    expect(errorsOutside(log(printed("Unhandled Rejection", words)))).toHaveLength(14);
  });

  it("are none of a log that has no such part", () => {
    expect(errorsOutside(" ✓ a/b.test.ts (1 test) 118ms\n")).toEqual([]);
  });
});

describe("the end of a log", () => {
  it("is its last lines, told of by the last", () => {
    expect(endOf("one\n\n two\n\n")).toEqual(["its log says: two", "  one", "   two"]);
  });

  it("is told of by what Vitest says when its parts do not end", () => {
    const lines = ["close timed out after 180000ms", "Failed to terminate worker", "x"];
    expect(endOf(lines.join("\n"))[0]).toBe("its log says: close timed out after 180000ms");
  });

  it("is nothing of an empty log", () => {
    expect(endOf("\n")).toEqual([]);
  });
});
