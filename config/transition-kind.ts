/** The two kinds of changes that must not be overlooked: those that `up` refuses, and the others. */
import type { Problem } from "./problems.ts";

/** A change that must not be overlooked. */
export interface Transition extends Problem {
  /** `stop`: something is lost; `mind`: something is away for a while, or cannot be known. */
  readonly level: "stop" | "mind";
  /** Whether `up` refuses it. */
  readonly refused: boolean;
}

/** A change that loses something, and that `up` refuses. */
export function refuse(path: string, rule: string, fix: string): Transition {
  return { level: "stop", refused: true, path: `fogline:${path}`, rule, fix };
}

/** A change that goes on. */
export function mind(path: string, rule: string, fix: string): Transition {
  return { level: "mind", refused: false, path: `fogline:${path}`, rule, fix };
}
