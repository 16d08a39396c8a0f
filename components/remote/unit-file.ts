/** Files of systemd as data: pure. */

/** Values of one section by name; a list is a line for each. */
type Section = Readonly<Record<string, string | readonly string[]>>;

/**
 * The text of a unit's file, or of a drop-in's. Sections and names keep their order, in which systemd runs
 * what a section lists.
 *
 * @throws RangeError when a value has more than one line: the rest would be settings of their own
 */
export function unitFile(sections: Readonly<Record<string, Section>>): string {
  return Object.entries(sections)
    .map(([section, values]) => [`[${section}]`, ...Object.entries(values).flatMap(lines)])
    .map((text) => `${text.join("\n")}\n`)
    .join("\n");
}

function lines([name, values]: [string, string | readonly string[]]): string[] {
  return [values].flat().map((value) => {
    if (value.includes("\n")) {
      throw new RangeError(`${name} of a unit has one line, not ${JSON.stringify(value)}`);
    }
    return `${name}=${value}`;
  });
}
