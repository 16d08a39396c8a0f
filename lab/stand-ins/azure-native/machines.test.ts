import { execaSync } from "execa";
import { describe, expect, it } from "vitest";

import { CONDITION } from "../../../testing/patience.ts";
import { tail, wrap } from "./machines.ts";

describe("a run command", () => {
  // The wrapped script keeps its file in /run, which a test may not write to.
  const run = (script: string, seconds = CONDITION / 1000) =>
    execaSync("bash", ["-s"], {
      input: wrap(script, seconds).replace("/run/", "/tmp/"),
      reject: false,
    });

  it("runs the script as it is, and tells its exit code", () => {
    const { stdout, stderr, exitCode } = run(`echo 'it''s "$HOME"'; cat; echo bad >&2; exit 7`);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: `its "$HOME"`,
      stderr: "bad",
      exitCode: 7,
    });
  });

  it("ends a script after its time", () => {
    expect(run("sleep 30", 1).exitCode).toBe(124);
  });

  it("keeps the end of the output, in whole characters", () => {
    expect(tail("abc")).toBe("abc");
    expect(tail("x".repeat(5000))).toHaveLength(4096);
    expect(tail("äöü", 5)).toBe("öü");
    expect(tail("äöü", 3)).toBe("ü");
  });
});
