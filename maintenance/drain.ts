/** Takes a node out of service so that no visit fails, and back. */
import { setTimeout as sleep } from "node:timers/promises";

import { OperatorError } from "../operator/command.ts";
import { KINDS, nameOf, readFacts, type Deployment, type Facts, type Pod } from "./facts.ts";
import { findNode, isRolledOut, planOf, refusalOf, unplaced, type Harmed } from "./plan.ts";

/** What a person is told without a trace. */
export class MaintenanceError extends OperatorError {}

/** How a cluster is asked and changed. */
export interface Access {
  /**
   * What kubectl prints.
   *
   * @param input for its standard input; default none
   * @throws Error whose message has what kubectl said
   */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** Tells a person what is done. */
  readonly say: (line: string) => void;
  /** Waits before the cluster is asked again; default a second. */
  readonly pause?: () => Promise<unknown>;
}

export interface DrainOptions {
  /** As a node or a machine is called. */
  readonly node: string;
  /** Most minutes that it may take. */
  readonly minutes: number;
  /** Whether pods are ended that will be missing. */
  readonly stops: (harmed: readonly Harmed[]) => Promise<boolean>;
}

/**
 * Has a node take no more pods and moves those it has: Deployments make new ones first, others are evicted as
 * disruption budgets allow. Run again it goes on. A DaemonSet's pods stay: the ingress controller serves visitors
 * who come by this machine.
 *
 * @throws RangeError when there is no such node
 * @throws MaintenanceError when it cannot be drained, or not in time; it takes no pods then, until `undrain`
 */
export async function drain(access: Access, options: DrainOptions): Promise<void> {
  const { say } = access;
  const before = await ask(access);
  const node = findNode(before, options.node);
  const { name } = node.metadata;
  const refusal = refusalOf(before, node);
  if (refusal !== undefined) {
    throw new MaintenanceError(refusal);
  }
  const deadline = Date.now() + options.minutes * 60_000;
  const { harmed, stay } = planOf(before, node);
  for (const { pod, why } of harmed) {
    say(`${nameOf(pod)}: ${why}`);
  }
  const stops = harmed.length > 0 && (await options.stops(harmed));
  await access.kubectl(["cordon", name]);
  say(`${name} takes no more pods`);
  try {
    await renewAll(access, name, deadline);
    await evictAll(access, name, stops, deadline);
  } catch (error) {
    if (error instanceof MaintenanceError) {
      const fix = `fix: run it again to go on, or make undrain NODE=${name} to have it take pods again`;
      throw new MaintenanceError(`${error.message}. ${fix}`);
    }
    throw error;
  }
  const left = stops ? [] : harmed.map(({ pod }) => nameOf(pod));
  say(`${name} is drained`);
  tell(say, "stay there and go on", stay.map(nameOf));
  tell(say, "were left there, and end with the machine", left);
  say(`make undrain NODE=${name} has it take pods again`);
}

/**
 * Has a node take pods again.
 *
 * @throws RangeError when there is no such node
 */
export async function undrain(access: Access, options: { readonly node: string }): Promise<void> {
  const facts = await ask(access);
  const { name } = findNode(facts, options.node).metadata;
  await access.kubectl(["uncordon", name]);
  access.say(`${name} takes pods again`);
  access.say(
    "pods come back with the descheduler, where the stack has it, else with their next rollout " +
      "(kubectl -n website rollout restart deployment website-dep)",
  );
}

/** Has Deployments make new pods, elsewhere as this node takes none, until none of theirs is left here. */
async function renewAll(access: Access, name: string, deadline: number): Promise<void> {
  const asked = new Set<string>();
  for (;;) {
    const facts = await ask(access);
    const { renewed } = planOf(facts, findNode(facts, name));
    if (renewed.length === 0) {
      return;
    }
    for (const deployment of renewed) {
      // One that is being rolled out replaces its old pods by itself; it is asked again if some are left then.
      if (isRolledOut(deployment)) {
        await restart(access, deployment);
        asked.add(nameOf(deployment));
      } else if (!asked.has(nameOf(deployment))) {
        access.say(`${nameOf(deployment)}: a rollout is under way`);
        asked.add(nameOf(deployment));
      }
    }
    await nextLook(access, deadline, () => lateWords(facts, renewed));
  }
}

async function restart({ kubectl, say }: Access, deployment: Deployment): Promise<void> {
  const { name, namespace } = deployment.metadata;
  say(`${namespace}/${name}: makes new pods, each before an old one ends`);
  await kubectl(["rollout", "restart", `deployment/${name}`, `--namespace=${namespace}`]);
}

function lateWords(facts: Facts, late: readonly Deployment[]): string {
  const words = late.map((deployment) => {
    const why = unplaced(facts, deployment);
    return `${nameOf(deployment)}${why === undefined ? "" : ` (${why})`}`;
  });
  return `not rolled out yet: ${words.join(", ")}`;
}

/** Evicts what is left, and waits until it is gone. */
async function evictAll(
  access: Access,
  name: string,
  stops: boolean,
  deadline: number,
): Promise<void> {
  const told = new Set<string>();
  for (;;) {
    const facts = await ask(access);
    const { evicted, harmed, leaving } = planOf(facts, findNode(facts, name));
    const ending = [...evicted, ...(stops ? harmed.map(({ pod }) => pod) : [])];
    if (ending.length === 0 && leaving.length === 0) {
      return;
    }
    for (const pod of ending) {
      const refused = await evict(access, pod);
      const line = refused === undefined ? `${nameOf(pod)}: evicted` : `${nameOf(pod)}: ${refused}`;
      if (!told.has(line)) {
        told.add(line);
        access.say(line);
      }
    }
    const left = [...ending, ...leaving].map(nameOf);
    await nextLook(access, deadline, () => `still there: ${left.join(", ")}`);
  }
}

/** Asks for an eviction; why it is refused for now, or nothing. */
async function evict({ kubectl }: Access, { metadata }: Pod): Promise<string | undefined> {
  const { name, namespace } = metadata;
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  try {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
    await kubectl(["create", `--raw=${path}`, "--filename=-"], JSON.stringify(eviction));
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    if (/TooManyRequests|disruption budget/.test(message)) {
      return "waits, as its disruption budget allows no more to be missing now";
    }
    if (/NotFound|not found/.test(message)) {
      return undefined;
    }
    throw error;
  }
}

async function nextLook(access: Access, deadline: number, words: () => string): Promise<void> {
  if (Date.now() >= deadline) {
    throw new MaintenanceError(`it is not drained in the time that it was given: ${words()}`);
  }
  await (access.pause ?? (() => sleep(1000)))();
}

async function ask({ kubectl }: Access): Promise<Facts> {
  return readFacts(await kubectl(["get", KINDS, "--all-namespaces", "--output=json"]));
}

function tell(say: Access["say"], what: string, names: readonly string[]): void {
  if (names.length > 0) {
    say(`${names.length} ${what}: ${names.join(", ")}`);
  }
}
