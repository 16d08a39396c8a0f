/** What checks are made of: outcomes, and questions that many checks ask. Pure. */
import type { Arguments, Facts, FileFact, NodeFacts, Part } from "./facts.ts";

/**
 * How a check ended.
 *
 * - `PASS`, `FAIL`: it was looked at
 * - `ACCEPTED`: it is otherwise than the benchmark wants it, and is meant to be
 * - `NOT APPLICABLE`: K3s has nothing of the kind
 * - `NOT OBSERVABLE`: nothing here can tell
 */
export type Status = "PASS" | "FAIL" | "ACCEPTED" | "NOT APPLICABLE" | "NOT OBSERVABLE";

export interface Outcome {
  readonly status: Status;
  /** What was seen, or why nothing was; of a failure, what is wrong and where. */
  readonly reason: string;
}

/** One check of the benchmark. */
export interface Check {
  /** Its number in the benchmark, e.g. `1.2.1`. */
  readonly id: string;
  /** What is wanted. */
  readonly title: string;
  readonly look: (facts: Facts) => Outcome;
}

export const pass = (reason: string): Outcome => ({ status: "PASS", reason });
export const fail = (reason: string): Outcome => ({ status: "FAIL", reason });

/** A check whose outcome no fact changes. */
export function always(status: Exclude<Status, "PASS" | "FAIL">, reason: string) {
  return (): Outcome => ({ status, reason });
}

export const unseen = (reason: string): Outcome => ({ status: "NOT OBSERVABLE", reason });

/** What is true where nothing is wrong; names everything that is. */
export function unless(wrong: readonly string[], reason: string): Outcome {
  return wrong.length === 0 ? pass(reason) : fail(wrong.join("; "));
}

/** Nodes that run the control plane. */
export const servers = ({ nodes }: Facts): readonly NodeFacts[] =>
  nodes.filter(({ role }) => role === "server");

/** Whether a value is as it should be; a text says what it should be. */
export type Wanted = (value: string | undefined, all: Arguments) => true | string;

/** Asks a part's arguments on every node that runs it. */
export function argument(part: Part, name: string, wanted: Wanted) {
  return (facts: Facts): Outcome => {
    const onServers = part !== "kubelet" && part !== "kube-proxy";
    const nodes = onServers ? servers(facts) : facts.nodes;
    const known = nodes.filter((node) => node.arguments[part] !== undefined);
    if (known.length < nodes.length || nodes.length === 0) {
      const lost = nodes.filter((node) => !known.includes(node)).map((node) => node.name);
      return unseen(`the journal of ${lost.join(", ")} has lost the start of ${part}`);
    }
    const wrong = known.flatMap((node) => {
      const given = node.arguments[part] ?? {};
      const found = wanted(given[name], given);
      return found === true
        ? []
        : [`${node.name}: --${name}=${given[name] ?? "(unset)"}, ${found}`];
    });
    const [first] = known.map((node) => node.arguments[part]?.[name]);
    return unless(wrong, first === undefined ? `--${name} is not given` : `--${name}=${first}`);
  };
}

export const is =
  (value: string): Wanted =>
  (found) =>
    found === value || `must be ${value}`;
export const given: Wanted = (found) => found !== undefined || "must be given";
export const notGiven: Wanted = (found) => found === undefined || "must not be given";
export const unsetOr =
  (value: string): Wanted =>
  (found) =>
    found === undefined || found === value || `must be ${value} or unset`;
export const atLeast =
  (least: number): Wanted =>
  (found) =>
    Number(found) >= least || `must be ${least} or more`;
export const has =
  (entry: string): Wanted =>
  (found) =>
    (found ?? "").split(",").includes(entry) || `must name ${entry}`;
export const hasNot =
  (entry: string): Wanted =>
  (found) =>
    !(found ?? "").split(",").includes(entry) || `must not name ${entry}`;
export const within =
  (entries: readonly string[]): Wanted =>
  (found) =>
    (found !== undefined && found.split(",").every((entry) => entries.includes(entry))) ||
    `must name none but ${entries.join(", ")}`;

/** Files on the nodes that are asked for, which have to be there. */
function files(
  facts: Facts,
  of: "servers" | "all",
  path: RegExp,
  wrong: (file: FileFact) => string | undefined,
): Outcome {
  const nodes = of === "servers" ? servers(facts) : facts.nodes;
  const looked = nodes.map((node) => ({
    node,
    found: node.files.filter((file) => path.test(file.path)),
  }));
  const missing = looked.filter(({ found }) => found.length === 0).map(({ node }) => node.name);
  if (missing.length > 0 || nodes.length === 0) {
    return unseen(`no such file on ${missing.join(", ")}`);
  }
  const faults = looked.flatMap(({ node, found }) =>
    found.flatMap((file) => {
      const fault = wrong(file);
      return fault === undefined ? [] : [`${node.name}: ${file.path} ${fault}`];
    }),
  );
  const count = looked.reduce((sum, { found }) => sum + found.length, 0);
  return unless(faults, `${count} looked at`);
}

/** Files whose mode may have no more bits than this. */
export function mode(of: "servers" | "all", path: RegExp, most: number) {
  return (facts: Facts): Outcome =>
    files(facts, of, path, (file) =>
      (file.mode & ~most) === 0
        ? undefined
        : `has mode ${file.mode.toString(8)}; chmod ${most.toString(8)}`,
    );
}

/** Files that are root's. */
export function owned(of: "servers" | "all", path: RegExp) {
  return (facts: Facts): Outcome =>
    files(facts, of, path, (file) =>
      file.owner === "root:root" ? undefined : `is ${file.owner}'s; chown root:root`,
    );
}

/** The value at a dotted path. */
export function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === "object" && inner !== null
          ? (inner as Record<string, unknown>)[key]
          : undefined,
      value,
    );
}

export const textAt = (value: unknown, path: string): string => {
  const found = at(value, path);
  return typeof found === "string" ? found : "";
};

export const listAt = (value: unknown, path: string): readonly unknown[] => {
  const found = at(value, path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
};

const shown = (value: unknown): string => (value === undefined ? "unset" : JSON.stringify(value));

/** Asks the configuration that every kubelet runs with. */
export function kubelet(path: string, wanted: (value: unknown) => true | string) {
  return (facts: Facts): Outcome => {
    const silent = facts.nodes.filter((node) => node.kubelet === undefined);
    if (silent.length > 0) {
      return unseen(`the kubelet of ${silent.map(({ name }) => name).join(", ")} does not answer`);
    }
    const wrong = facts.nodes.flatMap((node) => {
      const found = wanted(at(node.kubelet, path));
      return found === true
        ? []
        : [`${node.name}: ${path} is ${shown(at(node.kubelet, path))}, ${found}`];
    });
    return unless(wrong, `${path}: ${shown(at(facts.nodes[0]?.kubelet, path))}`);
  };
}
