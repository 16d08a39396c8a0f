/** A drill that was asked for: what it does where, or everything that stands against it. */
import type { Problem } from "../../config/problems.ts";
import { script } from "../faults/network/script.ts";
import type { Fault, Seconds } from "../model.ts";
import { waitForRest } from "../steady.ts";
import { DRILLS, type Drill } from "./catalogue.ts";
import { readFacts, type Facts } from "./facts.ts";
import type { Scene } from "./notices.ts";
import type { Place } from "./place.ts";
import {
  addressProblems,
  clusterProblems,
  consentProblems,
  DrillError,
  faultProblems,
  nodeProblems,
  numberOf,
  PERCENT,
  SECONDS,
  type Given,
} from "./refusals.ts";

/** What a drill will do. */
export interface Plan {
  readonly drill: Drill;
  readonly fault: Fault;
  /** The machine with the fault, as the stack file names it; empty where no machine has it alone. */
  readonly machine: string;
  readonly seconds: Seconds;
  readonly scene: Scene;
}

/** Seconds after its time in which a fault that nobody has ended ends by itself. */
const GRACE: Seconds = 120;
/** Seconds that a stack may take to come to rest before a person is told what is missing. */
const REST: Seconds = 30;
/** Share of packets that are lost where nobody says otherwise. */
const USUAL_PERCENT = 10;

export interface PlanOptions {
  /** Whether a person is there to be asked. */
  readonly isTerminal: boolean;
  /** Told what is waited for. */
  readonly say: (text: string) => void;
  /** Ends the wait; default: nothing does. */
  readonly signal?: AbortSignal;
}

/**
 * Looks at the stack, changing nothing.
 *
 * @throws DrillError with all that stands against the drill
 */
export async function planDrill(
  given: Given,
  place: Place,
  { isTerminal, say, signal }: PlanOptions,
): Promise<Plan> {
  const { site, isLab } = place;
  const asked = { stack: site.name, isLab, isTerminal };
  const drill = DRILLS.find(({ name }) => name === given.fault);
  const seconds = numberOf(given.seconds, drill?.seconds ?? SECONDS.least, SECONDS);
  const percent = numberOf(given.percent, USUAL_PERCENT, PERCENT);
  const typed = [
    ...faultProblems(given, drill, asked),
    ...seconds.problems,
    ...percent.problems,
    ...consentProblems(given, asked),
    ...addressProblems(site.urls, site.name),
  ];
  // Nobody waits for a stack to learn that a name was misspelt.
  const wait = { seconds: typed.length > 0 ? 0 : REST, signal };
  const missing = (await waitForRest(site, say, wait)).map((rule): Problem => ({
    path: "the cluster",
    rule,
    fix: "wait until it is at rest, or mend it",
  }));
  // That the cluster does not answer is told by what is missing.
  const facts = await readFacts(site).catch(() => undefined);
  if (facts === undefined) {
    throw new DrillError([...typed, ...missing]);
  }
  const named = drill === undefined ? [] : nodeProblems(given, drill, facts);
  const machine =
    drill === undefined || named.length > 0 ? "" : machineOf(given, drill, place, facts);
  const server = inStackFile(place, facts.nodes.find(({ isServer }) => isServer)?.name ?? "");
  const problems = [
    ...typed,
    ...named,
    ...(await scriptProblems(place, drill, drill?.isGuarded === true ? server : machine)),
    ...missing,
    ...clusterProblems(facts, asked),
  ];
  if (drill === undefined || problems.length > 0) {
    throw new DrillError(problems);
  }
  const aim = { machine, server, seconds: seconds.value, percent: percent.value };
  return {
    drill,
    fault: drill.fault({ ...aim, limitSeconds: seconds.value + GRACE }),
    machine,
    seconds: seconds.value,
    scene: sceneOf(place, facts, machine.toLowerCase()),
  };
}

/** The machine that is meant, whatever the case of its name; empty where it is none alone. */
function machineOf({ node }: Given, { where }: Drill, place: Place, facts: Facts): string {
  switch (where) {
    case "cluster":
      return "";
    case "database":
      return inStackFile(place, facts.database ?? "");
    case "node":
      return inStackFile(place, node.toLowerCase());
  }
}

/** A node's machine, by the name that the stack file gives it. */
function inStackFile({ machines }: Place, node: string): string {
  return machines.find((name) => name.toLowerCase() === node) ?? node;
}

/** Whether scripts reach the machine that they are for, and find there what they call. */
async function scriptProblems(
  { tryOn }: Place,
  drill: Drill | undefined,
  machine: string,
): Promise<readonly Problem[]> {
  if (drill === undefined || machine === "") {
    return [];
  }
  try {
    await tryOn(machine, script(drill.needs ?? []));
    return [];
  } catch (error) {
    const [rule = "", fix = "log in on it by hand"] = (error as Error).message.split(". fix: ");
    return [{ path: machine, rule, fix }];
  }
}

function sceneOf({ site: { urls }, addresses }: Place, facts: Facts, node: string): Scene {
  const own = addresses.get(node);
  return { facts, node, urls, ownUrls: urls.filter((url) => new URL(url).hostname === own) };
}
