/** Which cells of an experiment run, and in which order: pure. */
import type { Variant } from "./model.ts";

/** What the order of a variant depends on. */
type Turn = Pick<Variant, "name"> & { readonly repeats?: number | undefined };

/** One run of one variant. */
export interface Cell<V extends Turn = Variant> {
  readonly variant: V;
  /** From 1 on. */
  readonly repeat: number;
}

/** Folder of a cell, below `cells/`. */
export function nameOf({ variant, repeat }: Cell<Turn>): string {
  return `${variant.name}-${String(repeat).padStart(2, "0")}`;
}

/**
 * Cells in their order: variants take turns, each round in the opposite order of the one before (A B C, C B A),
 * so that a computer that becomes slower or faster meanwhile favours none. Two cells of a variant that stand
 * next to each other need no `up` between them. A variant with fewer repeats is left out of the last rounds.
 */
export function cellsOf<V extends Turn>({
  variants,
  repeats,
}: {
  readonly variants: readonly V[];
  readonly repeats: number;
}): readonly Cell<V>[] {
  return Array.from({ length: repeats }, (_, round) => {
    const turn = round % 2 === 0 ? variants : [...variants].reverse();
    return turn
      .filter((variant) => round < (variant.repeats ?? repeats))
      .map((variant) => ({ variant, repeat: round + 1 }));
  }).flat();
}
