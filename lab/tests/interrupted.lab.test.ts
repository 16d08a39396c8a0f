import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";
import { describe, expect, it } from "vitest";

import { MACHINES, PROJECT, RUN } from "../layout.ts";
import { lab, timing, until } from "./lab.ts";

/**
 * What shows that a phase has begun: the machine's disk, or the step's name in the engine's state,
 * which is written before the step runs.
 */
const PHASES: Readonly<Record<string, () => boolean>> = {
  machines: () =>
    existsSync(MACHINES) && readdirSync(MACHINES).some((name) => name.includes("WorkerNode")),
  overlay: () => state().includes("::workernode-overlay"),
  k3s: () => state().includes("::workernode-k3s"),
  database: () => state().includes("::database-server"),
  website: () => state().includes("::website-deployment"),
};

function state(): string {
  const file = join(RUN, "state", ".pulumi", "stacks", "fogline", "lab.json");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** The program's processes below one of ours: the lab's command, engine and plugins, no machine. */
function programs(top: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const stat = read(`/proc/${name}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(top).filter((pid) =>
    /lab\/(cli|engine)\.ts|pulumi|stand-ins\//.test(read(`/proc/${pid}/cmdline`)),
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended meanwhile.
    return "";
  }
}

/** Runs `up` and kills all of it, without warning, once a phase has begun. */
async function killIn(begun: () => boolean): Promise<void> {
  const run = execa(process.execPath, ["--import", "tsx", "lab/cli.ts", "up"], {
    cwd: PROJECT,
    reject: false,
    all: true,
  });
  const ended = run.then(({ all }) => {
    throw new Error(`up ended before it could be killed:\n${all}`);
  });
  await Promise.race([
    ended,
    until("the phase to begin", 900, () => Promise.resolve(begun() ? true : undefined)),
  ]);
  for (const pid of programs(run.pid ?? 0)) {
    process.kill(pid, "SIGKILL");
  }
  await ended.catch(() => undefined);
}

interface State {
  readonly checkpoint: { readonly latest: { readonly resources: readonly { urn: string }[] } };
}

describe("a program that is killed", () => {
  it("in each of five phases goes on where it was, doubles nothing and keeps its keys", async () => {
    for (const [phase, begun] of Object.entries(PHASES)) {
      const since = Date.now();
      await killIn(begun);
      timing(`killed in ${phase}`, since);
    }
    const key = readFileSync(join(RUN, "operator", "id_ed25519.pub"), "utf8");
    const since = Date.now();
    await lab("up");
    timing("up after five kills", since);
    const { resources } = (JSON.parse(state()) as State).checkpoint.latest;
    const urns = resources.map(({ urn }) => urn);
    expect(new Set(urns).size).toBe(urns.length);
    expect(
      readdirSync(MACHINES)
        .filter((name) => !name.startsWith("."))
        .sort(),
    ).toEqual(["MasterNode", "WorkerNode", "raspberrypi"]);
    expect(readFileSync(join(RUN, "operator", "id_ed25519.pub"), "utf8")).toBe(key);
    expect(await lab("up")).toMatch(/^resources: \d+ unchanged$/m);
  });
});
