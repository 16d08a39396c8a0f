/** Runs of small plans, whose commands are lines of shell. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runPlan, type Computers, type RunOptions, type RunResult } from "./run-plan.ts";
import type { Plan, Step } from "./step.ts";
import { exitCodeOf, totals } from "./summary.ts";

let project: string;
let printed: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "fogline-run-"));
  mkdirSync(join(project, "out"));
  printed = "";
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

/** A step that runs a line of shell and is one test. */
function step(name: string, shell: string, more: Partial<Step> = {}): Step {
  const command = ["bash", "-c", shell];
  return { name, command, needs: "nothing", counted: { by: "status", test: name }, ...more };
}

/** A line of shell that writes a step's report. */
function reports(name: string, passed: number, failed: number): string {
  const numbers = { numPassedTests: passed, numFailedTests: failed, success: failed === 0 };
  return `echo '${JSON.stringify({ ...numbers, testResults: [] })}' >out/${name}.json`;
}

/** Second computers that are a variable of the environment. */
const computers: Computers = {
  begin: (name) => Promise.resolve(void (printed += `begin ${name}\n`)),
  commandOn: (name, command) => ["env", `COMPUTER=${name}`, ...command],
  end: (name) => Promise.resolve(void (printed += `end ${name}\n`)),
};

function run(plan: Plan, more: Partial<RunOptions> = {}): Promise<RunResult> {
  return runPlan(plan, {
    ...{ project, folder: "out", env: process.env, isRoot: true, keepFailed: false, computers },
    print: (text) => {
      printed += text;
    },
    ...more,
  });
}

/** Name and state of each step. */
function states({ steps }: RunResult): string[] {
  return steps.map((each) => `${each.step.name} ${each.state}`);
}

describe("a step", () => {
  it("is counted from the report that it leaves", async () => {
    const one = step("one", reports("one", 3, 0), { counted: { by: "report" } });
    const { steps } = await run([[{ steps: [one] }]]);
    expect(totals(steps)).toEqual({ passed: 3, failed: 0 });
    expect(exitCodeOf(totals(steps))).toBe(0);
  });

  it("that leaves no report is one failure, though it ends well", async () => {
    const { steps } = await run([[{ steps: [step("one", ":", { counted: { by: "report" } })] }]]);
    expect(totals(steps)).toEqual({ passed: 0, failed: 1 });
    expect(steps[0]?.outcome.problem).toContain("no report");
    expect(exitCodeOf(totals(steps))).toBe(1);
  });

  it("that ends badly is a failure, though its report names none", async () => {
    const shell = `${reports("one", 3, 0)}; exit 7`;
    const { steps } = await run([[{ steps: [step("one", shell, { counted: { by: "report" } })] }]]);
    expect(totals(steps)).toEqual({ passed: 3, failed: 1 });
    expect(steps[0]?.outcome.problem).toContain("exit code 7");
  });

  it("that ends badly without a failed test is told of by what it printed last", async () => {
    const shell = `${reports("one", 3, 0)}; echo no memory >&2; exit 7`;
    const { steps } = await run([[{ steps: [step("one", shell, { counted: { by: "report" } })] }]]);
    expect(steps[0]?.outcome.problem).toMatch(/^no test failed; its log says: no memory\n/);
  });

  it("that is no test counts only when it fails", async () => {
    const counted = { by: "failure" } as const;
    const good = await run([[{ steps: [step("one", ":", { counted })] }]]);
    expect(totals(good.steps)).toEqual({ passed: 0, failed: 0 });
    const bad = await run([[{ steps: [step("one", "false", { counted })] }]]);
    expect(totals(bad.steps)).toEqual({ passed: 0, failed: 1 });
  });

  it("whose program is not there fails and says so in its log", async () => {
    const { steps } = await run([[{ steps: [step("one", "", { command: ["/no/program"] })] }]]);
    expect(totals(steps)).toEqual({ passed: 0, failed: 1 });
    expect(readFileSync(join(project, "out/one.log"), "utf8")).toContain("/no/program");
  });

  it("has variables of its own beside the run's", async () => {
    const one = step("one", 'echo "$RUN_HAS $STEP_HAS"', { env: { STEP_HAS: "step" } });
    await run([[{ steps: [one] }]], { env: { ...process.env, RUN_HAS: "run" } });
    expect(readFileSync(join(project, "out/one.log"), "utf8")).toBe("run step\n");
  });

  it("ends with its command, whatever that leaves running", async () => {
    const { steps } = await run([[{ steps: [step("one", "sleep 3600 & echo $! >out/pid")] }]]);
    expect(steps[0]?.state).toBe("passed");
    // It still runs: there is somebody to end.
    process.kill(Number(readFileSync(join(project, "out/pid"), "utf8")));
  });

  it.each(["root", "lab"] as const)("that needs %s fails for others than root", async (needs) => {
    const one = step("one", "touch out/ran", { needs });
    const result = await run([[{ steps: [one] }]], { isRoot: false });
    expect(result.steps[0]?.outcome.problem).toBe("it needs root");
    expect(states(result)).toEqual(["one failed"]);
  });
});

describe("after a failure", () => {
  const plan = (ends?: "lane" | "run"): Plan => [
    [
      { steps: [step("red", "false", ends === undefined ? {} : { ends }), step("next", ":")] },
      { steps: [step("beside", ":")] },
    ],
    [{ steps: [step("later", ":")] }],
  ];

  it("everything else is run", async () => {
    expect(states(await run(plan()))).toEqual([
      ...["red failed", "next passed", "beside passed", "later passed"],
    ]);
  });

  it("that ends its lane, other lanes and stages are run", async () => {
    const result = await run(plan("lane"));
    expect(states(result)).toEqual([
      ...["red failed", "next not run", "beside passed", "later passed"],
    ]);
    expect(result.steps[1]?.reason).toBe("red failed");
    expect(totals(result.steps)).toEqual({ passed: 2, failed: 1 });
  });

  it("that ends the run, lanes beside it are run and no stage after it", async () => {
    expect(states(await run(plan("run")))).toEqual([
      ...["red failed", "next not run", "beside passed", "later not run"],
    ]);
  });

  it.each([
    ["false", ["before failed", "mends passed", "after passed"]],
    [":", ["before passed", "after passed"]],
  ])("of the step before it alone a step that mends is run: %s", async (shell, expected) => {
    const mends = step("mends", ":", { onlyAfterFailure: true });
    const steps = [step("before", shell), mends, step("after", ":")];
    expect(states(await run([[{ steps }]]))).toEqual(expected);
  });

  it("the lab stays as it is when it is asked for, and lanes beside it are run", async () => {
    const stages: Plan = [
      [
        { steps: [step("red", "false", { needs: "lab" }), step("next", ":", { needs: "lab" })] },
        { steps: [step("beside", ":")] },
      ],
      [{ steps: [step("down", ":", { needs: "root" })] }],
    ];
    const kept = await run(stages, { keepFailed: true });
    expect(states(kept)).toEqual([
      ...["red failed", "next not run", "beside passed", "down not run"],
    ]);
    expect(kept.keptLabs).toEqual(stages[0]?.slice(0, 1));
    const gone = await run(stages);
    expect(states(gone)).toEqual(["red failed", "next passed", "beside passed", "down passed"]);
    expect(gone.keptLabs).toEqual([]);
  });

  it("of a step beside the lab, the lab's steps and the way down are run all the same", async () => {
    const stages: Plan = [
      [
        { steps: [step("lab", ":", { needs: "lab" })] },
        { steps: [step("red", "false"), step("next", ":")] },
      ],
      [{ steps: [step("down", ":", { needs: "root" })] }],
    ];
    const result = await run(stages, { keepFailed: true });
    expect(states(result)).toEqual(["lab passed", "red failed", "next passed", "down passed"]);
    expect(result.keptLabs).toEqual([]);
  });

  it("on the lab it is asked how the lab stands, before the next step", async () => {
    const steps = [
      step("red", "false", { needs: "lab" }),
      step("next", "[ -e out/asked ]", { needs: "lab" }),
      step("elsewhere", "false"),
    ];
    const asked: string[] = [];
    const result = await run([[{ steps }]], {
      afterFailure: ({ name }) => {
        asked.push(name);
        writeFileSync(join(project, "out/asked"), "");
        return Promise.resolve();
      },
    });
    expect(asked).toEqual(["red"]);
    expect(states(result)).toEqual(["red failed", "next passed", "elsewhere failed"]);
  });
});

describe("lanes side by side", () => {
  it("run at the same time, and the next stage after all of them", async () => {
    const until = (file: string): string => `until [ -e out/${file} ]; do sleep 0.02; done`;
    const result = await run([
      [
        { steps: [step("a", `touch out/a; ${until("b")}`)] },
        { steps: [step("b", `${until("a")}; sleep 0.1; touch out/b`)] },
      ],
      [{ steps: [step("after", "[ -e out/a ] && [ -e out/b ]")] }],
    ]);
    expect(states(result)).toEqual(["a passed", "b passed", "after passed"]);
  });

  it("print each step's output in one piece when it ends", async () => {
    const chatter = (word: string): string =>
      `for i in 1 2 3 4 5; do echo ${word} $i; sleep 0.02; done`;
    await run([[{ steps: [step("a", chatter("x"))] }, { steps: [step("b", chatter("y"))] }]]);
    expect(printed).toMatch(/x 1\nx 2\nx 3\nx 4\nx 5\n==> a passed after \d/);
    expect(printed).toMatch(/y 1\ny 2\ny 3\ny 4\ny 5\n==> b passed after \d/);
  });

  it("print the end of a step that passed and all of one that failed", async () => {
    await run([
      [
        { steps: [step("good", "seq -f 'good %g' 100")] },
        { steps: [step("bad", "seq -f 'bad %g' 100; false")] },
      ],
    ]);
    expect(printed).not.toContain("good 60\n");
    expect(printed).toContain("(60 lines before: out/good.log)\ngood 61\n");
    expect(printed).toContain("bad 1\nbad 2\n");
    expect(readFileSync(join(project, "out/good.log"), "utf8")).toContain("good 1\n");
  });

  it("say which steps run while nothing else is said", async () => {
    const heard = "until [ -e out/heard ]; do sleep 0.02; done";
    const lanes = [{ steps: [step("a", heard)] }, { steps: [step("b", ":")] }];
    const print = (text: string): void => {
      printed += text;
      if (text.startsWith("... ")) {
        writeFileSync(join(project, "out/heard"), "");
      }
    };
    await run([lanes], { heartbeat: 100, print });
    expect(printed).toMatch(/^\.\.\. (b \S+ s, )?a \S+ s$|^\.\.\. a \S+ s(, b \S+ s)?$/m);
  });

  it("may leave the processor to the others", async () => {
    await run([[{ steps: [step("a", "nice")] }, { niceness: 1, steps: [step("b", "nice")] }]]);
    const [a, b] = ["a", "b"].map((name) =>
      Number(readFileSync(join(project, `out/${name}.log`), "utf8")),
    );
    // A process has 19 at most, whatever is added to it.
    expect(b).toBe(Math.min(19, (a ?? 0) + 1));
  });

  it.skipIf(!existsSync("/proc/self/autogroup"))("leaves it with its whole session", async () => {
    const look = step("b", "cat /proc/self/autogroup");
    await run([[{ niceness: 7, steps: [look] }]]);
    expect(readFileSync(join(project, "out/b.log"), "utf8")).toMatch(/nice 7$/m);
  });
});

it("a step alone prints its output while it runs", async () => {
  const [before, after] = ["one line", "another line"];
  await run([[{ steps: [step("a", `echo ${before}; sleep 0.5; echo ${after}`)] }]]);
  expect(printed).toMatch(/^==> a\none line\nanother line\n==> a passed after \d+\.\d s\n$/);
});

describe("a lane of a second computer", () => {
  const lane = (shell: string): Plan => [
    [
      { computer: "other", steps: [step("there", shell, { needs: "lab" })] },
      { steps: [step("here", '[ -z "${COMPUTER:-}" ]')] },
    ],
  ];

  it("has its commands run there, between its beginning and its end", async () => {
    const result = await run(lane('[ "$COMPUTER" = other ]'));
    expect(states(result)).toEqual(["there passed", "here passed"]);
    expect(printed).toMatch(/begin other\n[^]*==> there passed[^]*end other\n/);
  });

  it("ends it after a failure as well", async () => {
    expect(states(await run(lane("false")))).toEqual(["there failed", "here passed"]);
    expect(printed).toContain("end other");
  });

  it("leaves it standing where its failed lab is kept", async () => {
    const plan = lane("false");
    const { keptLabs } = await run(plan, { keepFailed: true });
    expect(keptLabs).toEqual(plan[0]?.slice(0, 1));
    expect(printed).not.toContain("end other");
  });

  it("has none without root, and where an earlier step ended the run", async () => {
    expect(states(await run(lane(":"), { isRoot: false }))).toEqual([
      "there failed",
      "here passed",
    ]);
    const red = step("red", "false", { ends: "run" });
    expect(states(await run([[{ steps: [red] }], ...lane(":")]))).toContain("there not run");
    expect(printed).not.toContain("begin other");
  });
});
