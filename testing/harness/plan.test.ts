import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { PROJECT } from "../../lab/layout.ts";
import type { Selection } from "./options.ts";
import { planOf } from "./plan.ts";
import { stepsOf, type Plan } from "./step.ts";

const FILES = { folder: "reports", netmakerStack: "/tests/netmaker.yaml" };
const SELECTIONS: readonly Selection[] = [
  { kind: "all" },
  { kind: "netmaker" },
  { kind: "long" },
  { kind: "filtered", filters: ["cluster", "-t", "a name"] },
];

/** Names of a plan's steps: stages of lanes. */
function namesOf(plan: Plan): string[][][] {
  return plan.map((stage) => stage.map(({ steps }) => steps.map(({ name }) => name)));
}

function named(plan: Plan, name: string): ReturnType<typeof stepsOf>[number] {
  const step = stepsOf(plan).find((each) => each.name === name);
  if (step === undefined) {
    throw new Error(`no step ${name}`);
  }
  return step;
}

describe.each(SELECTIONS)("the plan of $kind", (selection) => {
  const plan = planOf(selection, FILES);

  it("names each step once, for its log and its report", () => {
    const names = stepsOf(plan).map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it("has one lane at most on a computer's lab at a time: there is room for one", () => {
    for (const stage of plan) {
      const onLab = stage.filter(({ steps }) => steps.some(({ needs }) => needs === "lab"));
      const computers = onLab.map(({ computer }) => computer);
      expect(computers).toEqual([...new Set(computers)]);
    }
  });

  it("has every test of the lab on one of its labs", () => {
    const all = readdirSync(join(PROJECT, "lab/tests"))
      .filter((name) => name.endsWith(".lab.test.ts"))
      .map((name) => `lab/tests/${name}`);
    const labs = stepsOf(plan).filter(({ command }) => command.includes("--project=lab"));
    const filters = selection.kind === "filtered" ? selection.filters : [];
    const run = labs.flatMap(({ command }) => {
      const words = command.slice(command.indexOf("--project=lab") + 1);
      const excluded = words.flatMap((word) => /^--exclude=(.*)/.exec(word)?.[1] ?? []);
      const named = words.filter((word) => !word.startsWith("-") && !filters.includes(word));
      return all
        .filter((file) => !excluded.includes(file))
        .filter((file) => named.length === 0 || named.some((name) => file.includes(`/${name}.`)));
    });
    expect(run.sort()).toEqual(all.sort());
  });

  it("takes the lab down when all other processes have ended", () => {
    expect(namesOf(plan).at(-1)).toEqual([["down"]]);
  });

  it("has Vitest report where the step is counted from", () => {
    const reported = stepsOf(plan).filter(
      ({ name, counted }) => counted.by === "report" && name !== "check",
    );
    for (const { name, command } of reported) {
      expect(command).toContain(`--outputFile.json=reports/${name}.json`);
    }
  });

  it("runs files that are there", () => {
    const files = stepsOf(plan).flatMap(({ command }) =>
      command.filter((word) => /^(testing|lab)\/.*\.ts$/.test(word)),
    );
    expect(files.filter((file) => !existsSync(join(PROJECT, file)))).toEqual([]);
  });
});

describe("the plan of everything", () => {
  const plan = planOf({ kind: "all" }, FILES);

  it("runs what needs no lab beside the lab's stories, with less of the processor", () => {
    expect(namesOf(plan)).toEqual([
      [["check"]],
      [["begin", "tools"]],
      [
        ["interrupted", "up", "browser", "netmaker", "lab", "add-an-app", "destroyed"],
        ["second-begin", "second-up", "second-lab", "second-down"],
        ["slow"],
        ["workflows", "contract", "go"],
      ],
      [["down"]],
    ]);
    expect(plan[2]?.map(({ niceness }) => niceness ?? 0)).toEqual([0, 0, 4, 4]);
    expect(plan[2]?.map(({ computer }) => computer)).toEqual([
      ...[undefined, "second"],
      ...[undefined, undefined],
    ]);
  });

  it("says which lab each step's tests run on", () => {
    const labs = stepsOf(plan).flatMap(({ name, lab }) =>
      lab === undefined ? [] : [`${name}: ${lab.stack} over ${lab.overlay}`],
    );
    expect(labs).toEqual([
      "interrupted: lab over netmaker",
      "browser: lab over netmaker",
      "netmaker: lab over netmaker",
      "lab: lab over wireguard",
      "add-an-app: lab over wireguard",
      "destroyed: lab over wireguard",
      "second-lab: lab over wireguard",
    ]);
  });

  it("ends where the first checks are red, and tries nothing on a lab that does not come up", () => {
    expect(named(plan, "check").ends).toBe("run");
    expect(named(plan, "up").ends).toBe("lane");
    expect(named(plan, "second-up").ends).toBe("lane");
  });

  it("runs the lab's tests in the laptop's network", () => {
    expect(named(plan, "lab").command.slice(0, 5)).toEqual([
      ...["nsenter", "--net=/run/netns/fogline-laptop"],
      ...["node", "node_modules/vitest/vitest.mjs", "run"],
    ]);
  });
});

describe("the story over Netmaker", () => {
  it("has a stack file of its own for each step on the lab", () => {
    const steps = stepsOf(planOf({ kind: "netmaker" }, FILES)).filter(
      ({ needs }) => needs === "lab",
    );
    expect(steps.map(({ name }) => name)).toEqual(["interrupted", "up", "browser", "lab"]);
    for (const { env } of steps) {
      expect(env).toEqual({ STACK_FILE: "/tests/netmaker.yaml" });
    }
  });
});

describe("the long run", () => {
  const plan = planOf({ kind: "long" }, FILES);

  it("tries a bare Debian, the official Azure CLI, a restart, an upgrade, built images, an outage of ten minutes and the lab over Netmaker", () => {
    expect(namesOf(plan)).toEqual([
      [["fresh"]],
      [["begin"]],
      [
        [
          ...["azure-cli", "azure"],
          ...["interrupted", "up", "browser", "restart", "upgrade", "built-images", "stack"],
          ...["outage", "up-over-netmaker", "lab"],
        ],
      ],
      [["down"]],
    ]);
    expect(named(plan, "outage").env).toEqual({ NETMAKER_OUTAGE: "600" });
    expect(named(plan, "up").env).toBeUndefined();
    expect(named(plan, "up-over-netmaker").env).toEqual({ STACK_FILE: "/tests/netmaker.yaml" });
  });
});

describe("a run of some of the lab's tests", () => {
  it("hands filters and options on to Vitest", () => {
    const plan = planOf({ kind: "filtered", filters: ["cluster", "-t", "a name"] }, FILES);
    expect(namesOf(plan)).toEqual([[["check"]], [["up", "lab"]], [["down"]]]);
    expect(named(plan, "lab").command.join(" ")).toContain(" --project=lab cluster -t a name ");
  });
});
