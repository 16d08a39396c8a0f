/** What plots of a row for each variant share: the columns beside the rows, and the rows' labels. */
import type { Mark } from "vega";

import { MARGIN, SMALL, text, WIDTH, wrapped } from "./style.ts";

/** Columns of labels left and right of the rows, px. */
export const [LEFT, RIGHT] = [170, 190];
/** Width between them, px. */
export const INNER = WIDTH - 2 * MARGIN - LEFT - RIGHT;

/** A row's label in the left column, in as many lines as it needs. */
export function rowLabel(label: string, middle: number): Mark {
  const lines = wrapped(label, LEFT - 16);
  const above = ((lines.length - 1) * Math.round(SMALL * 1.3)) / 2;
  return text(lines, MARGIN + LEFT - 12, middle - above, { align: "right", baseline: "middle" });
}
