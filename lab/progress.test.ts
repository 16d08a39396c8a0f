import { expect, test } from "vitest";

import { duration, LabError, Progress } from "./progress.ts";

/** A screen that keeps what was written, and a clock that the test moves. */
function testProgress(isTTY: boolean): {
  progress: Progress;
  written: string[];
  pass: (milliseconds: number) => void;
} {
  const written: string[] = [];
  let time = 0;
  const screen = { isTTY, columns: 40, write: (text: string) => written.push(text) };
  return {
    progress: new Progress(screen, () => time),
    written,
    pass: (milliseconds) => {
      time += milliseconds;
    },
  };
}

test("lengths of time are written for people", () => {
  expect([400, 12_340, 185_000].map(duration)).toEqual(["0.4 s", "12.3 s", "3 min 05 s"]);
});

test("a log says every 15 seconds what a phase waits for", async () => {
  const { progress, written, pass } = testProgress(false);
  await progress.phase("toolchain", (say) => {
    say("compiling\n  x");
    pass(10_000);
    progress.tick();
    expect(written).toEqual([]);
    pass(6_000);
    progress.tick();
    progress.tick();
    return Promise.resolve();
  });
  expect(written).toEqual(["… toolchain, 16.0 s: compiling x\n", "✓ toolchain: done in 16.0 s\n"]);
  progress.close();
});

test("a terminal is redrawn in place and never wraps", async () => {
  const { progress, written, pass } = testProgress(true);
  await progress.phase("images", (say) => {
    say("a very long text that does not fit on the line");
    pass(500);
    progress.tick();
    progress.tick();
    return Promise.resolve();
  });
  expect(written[0]).toBe("… images, 0.5 s: a very long text that \n");
  expect(written[1]).toBe("\u001b[1F\u001b[J");
  progress.close();
});

test("the table names every phase, the failed one too, and the whole", async () => {
  const { progress, pass } = testProgress(false);
  await progress.phase("network", () => {
    pass(300);
    return Promise.resolve();
  });
  await expect(
    progress.phase("program", () => {
      pass(61_000);
      return Promise.reject(new Error("no"));
    }),
  ).rejects.toThrow("no");
  expect(progress.table().split("\n")).toEqual([
    "✓ network     0.3 s",
    "✗ program  1 min 01 s",
    "  whole    1 min 01 s",
  ]);
  progress.close();
});

test("a failure names host, step, last lines and what to do next", () => {
  expect(new LabError("raspberrypi", "joining", "a\nb\n", "make up").message).toBe(
    "raspberrypi: joining failed\n  a\n  b\nnext: make up",
  );
});
