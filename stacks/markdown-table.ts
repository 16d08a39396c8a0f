/** Tables in Markdown, and documents that hold some of them. Pure. */

/** Rows of as many cells each, the head first; cells as wide as the widest of their column, as the formatter writes them. */
export function markdown(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  const [head = [], ...body] = escaped;
  const widths = head.map((_, n) => Math.max(3, ...escaped.map((cells) => cells[n]?.length ?? 0)));
  const line = (cells: readonly string[], fill: string): string =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0, fill)).join(" | ")} |\n`;
  const rule = line(
    head.map(() => ""),
    "-",
  );
  return [line(head, " "), rule, ...body.map((cells) => line(cells, " "))].join("");
}

/**
 * A document's text with a table between the two comments that name it.
 *
 * @throws Error when it has no place for it
 */
export function tableOf(file: string, text: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [before, rest] = text.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) {
    throw new Error(`${file} must have the lines ${begin} and ${end}`);
  }
  return `${before}${begin}\n\n${table}\n${end}${after}`;
}
