/** Which cells of an experiment run, and in which order: pure. */
import type { Experiment, Variant } from "./model.ts";

/** One run of one variant. */
export interface Cell {
  readonly variant: Variant;
  /** From 1 on. */
  readonly repeat: number;
}

/** Folder of a cell, below `cells/`. */
export function nameOf({ variant, repeat }: Cell): string {
  return `${variant.name}-${String(repeat).padStart(2, "0")}`;
}

/**
 * Cells in their order: variants take turns, each round in the opposite order of the one before (A B C, C B A),
 * so that a computer that becomes slower or faster meanwhile favours none. Two cells of a variant that stand
 * next to each other need no `up` between them.
 */
export function cellsOf({
  variants,
  repeats,
}: Pick<Experiment, "variants" | "repeats">): readonly Cell[] {
  return Array.from({ length: repeats }, (_, round) => {
    const turn = round % 2 === 0 ? variants : [...variants].reverse();
    return turn.map((variant) => ({ variant, repeat: round + 1 }));
  }).flat();
}
