/** What stands against a drill that was asked for: all of it at once, each with its rule and the fix. Pure. */
import { nearestOf, type Problem } from "../../config/problems.ts";
import { OperatorError } from "../../operator/command.ts";
import { DRILLS, type Drill } from "./catalogue.ts";
import type { Facts } from "./facts.ts";

/** Options as they are typed, with what holds without them. */
export const OPTIONS = {
  fault: { type: "string", default: "" },
  stack: { type: "string", default: "" },
  node: { type: "string", default: "" },
  seconds: { type: "string", default: "" },
  percent: { type: "string", default: "" },
  yes: { type: "string", default: "" },
  list: { type: "boolean", default: false },
} as const;

/** What was typed; empty where nothing was. */
export type Given = {
  readonly [Name in Exclude<keyof typeof OPTIONS, "list">]: string;
};

/** Whom a drill is asked of. */
export interface Asked {
  /** The stack's name. */
  readonly stack: string;
  readonly isLab: boolean;
  /** Whether a person is there to be asked. */
  readonly isTerminal: boolean;
}

/** All that stands against a drill, of which nothing was begun. */
export class DrillError extends OperatorError {
  constructor(readonly problems: readonly Problem[]) {
    const lines = problems.map(({ path, rule, fix }) => `  - ${path}: ${rule}\n    fix: ${fix}`);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`The drill has ${count}; nothing was begun.\n${lines.join("\n")}`);
  }
}

/** A number that may be typed: its name, bounds, and what it is where it is not. */
interface Bound {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

/** Fewest and most seconds of a fault. */
export const SECONDS: Bound = { name: "--seconds", least: 5, most: 600 };
/** Percent of packets that are lost: with more, SSH itself, which has to end it, hardly gets through. */
export const PERCENT: Bound = { name: "--percent", least: 1, most: 25 };

/** A whole number within its bounds, or what is wrong with it. */
export function numberOf(
  text: string,
  usual: number,
  { name, least, most }: Bound,
): { readonly value: number; readonly problems: readonly Problem[] } {
  const value = text === "" ? usual : /^\d+$/.test(text) ? Number(text) : NaN;
  const rule = `must be a whole number from ${least} to ${most}`;
  const problem = { path: `${name}=${text}`, rule, fix: `write it like ARGS=${name}=${usual}` };
  return { value, problems: value >= least && value <= most ? [] : [problem] };
}

/** What is wrong with the choice of the drill. */
export function faultProblems(
  { fault, percent }: Given,
  drill: Drill | undefined,
  { isLab, isTerminal }: Asked,
): readonly Problem[] {
  const path = `FAULT=${fault}`;
  if (drill === undefined) {
    const offered = DRILLS.filter(({ labOnly }) => isLab || labOnly === undefined);
    const names = offered.map(({ name }) => name);
    const near = nearestOf(fault, names) ?? "";
    const rule = fault === "" ? "is not given" : "is no drill";
    return [{ path, rule, fix: `${near} use ${names.join(", ")}`.trim() }];
  }
  const { labOnly, isByHand = false } = drill;
  const told = (isSo: boolean, problem: Problem): Problem[] => (isSo ? [problem] : []);
  return [
    ...told(labOnly !== undefined && !isLab, {
      path,
      rule: `is for the lab alone: ${labOnly ?? ""}`,
      fix: "leave STACK out, or use another",
    }),
    ...told(isByHand && !isLab && !isTerminal, {
      path,
      rule: "needs a person who takes the machine's power, and nobody is at a terminal",
      fix: "run it at a terminal, or use silence",
    }),
    ...told(percent !== "" && fault !== "loss", {
      path: `--percent=${percent}`,
      rule: `is of FAULT=loss, not of ${fault}`,
      fix: "leave it out",
    }),
  ];
}

/** What is wrong with the consent, before anybody is asked for it. */
export function consentProblems({ yes }: Given, { stack, isTerminal }: Asked): readonly Problem[] {
  const fix = `ARGS=--yes=${stack} agrees beforehand`;
  if (yes === "") {
    return isTerminal
      ? []
      : [{ path: "--yes", rule: "is not given, and nobody is at a terminal to be asked", fix }];
  }
  return yes === stack
    ? []
    : [{ path: `--yes=${yes}`, rule: `agrees to another stack than ${stack}`, fix }];
}

/** What is wrong with the machine that was named. */
export function nodeProblems({ node }: Given, drill: Drill, facts: Facts): readonly Problem[] {
  const problem = (rule: string, fix: string): Problem[] => [{ path: `NODE=${node}`, rule, fix }];
  const named = node.toLowerCase();
  switch (drill.where) {
    case "cluster":
      return node === ""
        ? []
        : problem(`is not wanted: ${drill.name} is of no single machine`, "leave it out");
    case "database":
      return facts.database === undefined || facts.database === ""
        ? problem("the database runs on no machine", "see kubectl -n website get pods")
        : node === "" || named === facts.database
          ? []
          : problem(`the database is on ${facts.database}`, "leave it out");
    case "node": {
      const names = facts.nodes.map(({ name }) => name);
      return names.includes(named)
        ? []
        : problem(
            node === "" ? "is not given" : "the cluster has no such node",
            `use NODE=${names.join(" or NODE=")}`,
          );
    }
  }
}

/** What is wrong with the cluster, beyond what it may come to rest from. */
export function clusterProblems(
  { nodes, website }: Facts,
  { stack, isLab }: Asked,
): readonly Problem[] {
  const path = "the cluster";
  const drained = nodes
    .filter(({ isDrained }) => isDrained)
    .map(({ name }) => ({
      path,
      rule: `the node ${name} is drained: it takes no pods`,
      fix: `make undrain NODE=${name}${isLab ? "" : ` STACK=${stack}`}`,
    }));
  const empty = { path, rule: "the website has no pod", fix: "bring the stack up" };
  return website.length === 0 ? [...drained, empty] : drained;
}

/** Where the website has no address, nobody could visit it. */
export function addressProblems(urls: readonly string[], stack: string): readonly Problem[] {
  return urls.length > 0
    ? []
    : [
        {
          path: `the stack ${stack}`,
          rule: "has no address of the website (output websiteUrls)",
          fix: "have it serve the website, as Pulumi.dev.yaml does, and bring it up",
        },
      ];
}
