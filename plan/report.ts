/** Everything a plan tells, gathered: what is declared, what it costs, what breaks, what changes. */
import { placeholders } from "../config/placeholders.ts";
import type { Problem } from "../config/problems.ts";
import { sizesInsideBudget } from "../policy/budget.ts";
import { planPolicies, STACK_POLICIES } from "../policy/policies.ts";
import { violationsOf, type Violation } from "../policy/policy.ts";
import { addressesOf, type Addresses } from "./addresses.ts";
import { coresOf, type Cores } from "./cores.ts";
import { estimate, type Cost, type PriceTable } from "../policy/cost.ts";
import { dangersOf, settingsDangers, type Danger } from "./dangers.ts";
import { differenceBetween, type Difference } from "./difference.ts";
import { closedMachines, firewallOf, type FirewallRow } from "./firewall.ts";
import { imagesOf, rolloutsOf, type ImageLine, type RolloutLine } from "./images.ts";
import type { LastUp } from "./last-up.ts";
import type { Outcome, Planned, Snapshot } from "./snapshot.ts";

/** The base that a plan is compared with. */
export interface Base {
  readonly ref: string;
  readonly commit: string;
  readonly notes: readonly string[];
  /** Undefined where that commit has no such stack. */
  readonly outcome: Outcome | undefined;
}

/** One policy and what breaks it. */
export interface PolicyResult {
  readonly name: string;
  readonly description: string;
  readonly violations: readonly Violation[];
}

/** The report on what the program declares. */
export interface View {
  readonly resources: readonly Planned[];
  readonly firewall: readonly FirewallRow[];
  /** Machines that nothing reaches from outside. */
  readonly closed: readonly string[];
  readonly addresses: Addresses;
  /** Absent without a machine in the cloud. */
  readonly cores?: Cores;
  /** Absent without a table of prices. */
  readonly cost?: Cost;
  readonly policies: readonly PolicyResult[];
  readonly images: readonly ImageLine[];
  /** Empty where no state was read. */
  readonly rollouts: readonly RolloutLine[];
  /** Why no state was read, which sizes and rollouts are told from. */
  readonly unread?: string;
}

export interface Report {
  readonly stack: string;
  readonly base?: { readonly ref: string; readonly commit: string };
  /** What a reader should know of how the plan was made. */
  readonly notes: readonly string[];
  /** Why there is no view: settings that are wrong, or a program that fails. */
  readonly problems: readonly Problem[];
  readonly failure?: string;
  readonly view?: View;
  readonly difference?: Difference;
  /** The month's cost at the base, where both sides have one. */
  readonly costBefore?: number;
  readonly dangers: readonly Danger[];
  /** Values that the user has to fill in: `pulumi up` refuses them. */
  readonly placeholders: readonly Problem[];
}

/** Where nobody looked for a state. */
const NO_STATE: LastUp = { kind: "unread", why: "no state was looked for" };

/**
 * Puts a plan together.
 *
 * @param state what the last `up` left, where it can be read
 */
export function reportOf(
  stack: string,
  head: Outcome,
  base: Base | undefined,
  prices: PriceTable | undefined,
  state: LastUp = NO_STATE,
): Report {
  const common = {
    stack,
    ...(base && { base: { ref: base.ref, commit: base.commit } }),
    notes: base === undefined ? [] : [...base.notes, ...baseNotes(stack, base)],
    dangers: [],
    placeholders: [],
  };
  switch (head.kind) {
    case "problems":
      return { ...common, problems: head.problems };
    case "failed":
      return { ...common, problems: [], failure: head.message };
    case "planned":
      return { ...common, problems: [], ...planned(head.snapshot, base, prices, state) };
  }
}

/** Whether a plan says that the change must not go on as it is. */
export function isRefused(report: Report): boolean {
  return (
    report.view === undefined ||
    report.dangers.some(({ refused }) => refused === true) ||
    (report.view.cost?.missing.length ?? 0) > 0 ||
    report.view.policies.some(({ violations }) => violations.length > 0)
  );
}

function planned(
  head: Snapshot,
  base: Base | undefined,
  prices: PriceTable | undefined,
  state: LastUp,
): Pick<Report, "view" | "difference" | "costBefore" | "dangers" | "placeholders"> {
  const view = viewOf(head, prices, state);
  const missing = placeholders(head.settings);
  if (base?.outcome?.kind !== "planned") {
    return { view, dangers: [], placeholders: missing };
  }
  const before = base.outcome.snapshot;
  const difference = differenceBetween(before, head);
  return {
    view,
    placeholders: missing,
    difference,
    ...(prices && { costBefore: estimate(before.resources, prices).monthly }),
    dangers: worstFirst([
      ...settingsDangers(before.settings, head.settings),
      ...dangersOf(difference, firewallOf(before), view.firewall),
    ]),
  };
}

function worstFirst(dangers: readonly Danger[]): Danger[] {
  const isWorst = ({ level }: Danger): boolean => level === "stop";
  return [...dangers.filter(isWorst), ...dangers.filter((danger) => !isWorst(danger))];
}

function viewOf(snapshot: Snapshot, prices: PriceTable | undefined, state: LastUp): View {
  const cost = prices && estimate(snapshot.resources, prices);
  const cores = coresOf(snapshot);
  return {
    resources: snapshot.resources,
    firewall: firewallOf(snapshot),
    closed: closedMachines(snapshot),
    addresses: addressesOf(snapshot),
    ...(cores && { cores }),
    ...(cost && { cost }),
    policies: policyResults(snapshot, cost),
    images: imagesOf(snapshot.resources, state),
    rollouts: rolloutsOf(snapshot.resources, state),
    ...(state.kind === "unread" && { unread: state.why }),
  };
}

function policyResults(
  { stack, resources, exemptions }: Snapshot,
  cost: Cost | undefined,
): PolicyResult[] {
  const results = [
    ...planPolicies(exemptions).map((policy) => ({
      name: policy.name,
      description: policy.description,
      violations: violationsOf([policy], resources),
    })),
    ...STACK_POLICIES.map(({ name, description, check }) => ({
      name,
      description,
      violations: check(resources).map((found) => ({ policy: name, urn: "", ...found })),
    })),
  ];
  if (cost === undefined) {
    return results;
  }
  const { name, description, check } = sizesInsideBudget;
  const violations = check(cost).map((message) => ({
    policy: name,
    urn: "",
    name: `the stack ${stack}`,
    message,
  }));
  return [...results, { name, description, violations }];
}

function baseNotes(stack: string, { ref, outcome }: Base): string[] {
  switch (outcome?.kind) {
    case undefined:
      return [`${ref} has no stack ${stack}: everything in it is new`];
    case "problems":
      return [
        `no difference is shown: the settings of ${stack} at ${ref} have ` +
          `${outcome.problems.length} problems, first ${outcome.problems[0]?.path ?? ""}`,
      ];
    case "failed":
      return [`no difference is shown: the program of ${ref} fails: ${firstLine(outcome.message)}`];
    default:
      return [];
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
