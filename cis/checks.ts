/**
 * The checks of the CIS benchmark for K3s, profile k3s-cis-1.9: their numbers are the benchmark's, their words are not.
 * What each looks at follows the K3s self-assessment guide (docs.k3s.io/security/self-assessment-1.9).
 */
import { CONTROL_PLANE } from "./control-plane.ts";
import type { Facts } from "./facts.ts";
import { NODES } from "./nodes.ts";
import { PEOPLE } from "./people.ts";
import { POLICIES } from "./policies.ts";
import type { Check, Outcome, Status } from "./rules.ts";

/** All of them, in the benchmark's order. */
export const CHECKS: readonly Check[] = [...CONTROL_PLANE, ...PEOPLE, ...NODES, ...POLICIES];

/** A check and how it ended. */
export interface Result extends Outcome {
  readonly id: string;
  readonly title: string;
}

/** How every check ends on these facts. */
export function evaluate(facts: Facts): readonly Result[] {
  return CHECKS.map(({ id, title, look }) => ({ id, title, ...look(facts) }));
}

const STATUSES: readonly Status[] = [
  ...(["PASS", "FAIL", "ACCEPTED", "NOT APPLICABLE", "NOT OBSERVABLE"] as const),
];

/** The list as text, and how many ended how. */
export function report(results: readonly Result[]): string {
  const lines = results.map(
    ({ id, title, status, reason }) => `${id.padEnd(7)}${status.padEnd(15)} ${title}: ${reason}`,
  );
  const counts = STATUSES.map(
    (status) => `${results.filter((each) => each.status === status).length} ${status}`,
  );
  return [...lines, "", `${results.length} checks: ${counts.join(", ")}`, ""].join("\n");
}
