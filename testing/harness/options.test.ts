import { describe, expect, it } from "vitest";

import { readOptions, UsageError } from "./options.ts";

describe("the options of a test run", () => {
  it("ask for everything where there are none", () => {
    expect(readOptions([])).toEqual({ selection: { kind: "all" }, keepFailed: false });
  });

  it.each([
    [["--overlay=netmaker"], { kind: "netmaker" }],
    [["--long"], { kind: "long" }],
    [["cluster", "edge"], { kind: "filtered", filters: ["cluster", "edge"] }],
    [["cluster", "-t", "a name"], { kind: "filtered", filters: ["cluster", "-t", "a name"] }],
  ])("%j select what is run", (args, selection) => {
    expect(readOptions(args)).toEqual({ selection, keepFailed: false });
    expect(readOptions(["--keep-failed", ...args])).toEqual({ selection, keepFailed: true });
  });

  it.each([
    [["--keep"], "--keep"],
    [["--overlay=wireguard"], "the other kind is netmaker"],
    [["--overlay=netmaker", "--long"], "exclude each other"],
    [["--long", "cluster"], "exclude each other"],
  ])("%j are refused", (args, reason) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(reason);
  });
});
