/** Files of systemd as data: pure. */

/** A value and the reason for it, which stands before it in the file. */
export interface Explained {
  readonly why: string;
  readonly value: string | readonly string[];
}

/** A value of a section; a list is a line for each. */
type Value = string | readonly string[] | Explained;

/** Values of one section by name. */
export type Section = Readonly<Record<string, Value>>;

/**
 * The text of a unit's file, or of a drop-in's. Sections and names keep their order, in which systemd runs
 * what a section lists.
 *
 * @throws RangeError when a value or a reason has more than one line: the rest would be settings of their own
 */
export function unitFile(sections: Readonly<Record<string, Section>>): string {
  return Object.entries(sections)
    .map(([section, values]) => [`[${section}]`, ...Object.entries(values).flatMap(lines)])
    .map((text) => `${text.join("\n")}\n`)
    .join("\n");
}

/**
 * The text of a file that a unit's `EnvironmentFile` names, in the order of its variables.
 *
 * @throws RangeError when a value has more than one line
 */
export function environmentFile(variables: Readonly<Record<string, string>>): string {
  return `${Object.entries(variables).flatMap(lines).join("\n")}\n`;
}

function lines([name, value]: readonly [string, Value]): string[] {
  const { why, value: own } = isExplained(value) ? value : { why: undefined, value };
  return [
    ...(why === undefined ? [] : [`# ${oneLine(name, why)}`]),
    ...[own].flat().map((each) => `${name}=${oneLine(name, each)}`),
  ];
}

function isExplained(value: Value): value is Explained {
  return typeof value === "object" && "why" in value;
}

function oneLine(name: string, text: string): string {
  if (text.includes("\n")) {
    throw new RangeError(`${name} of a unit has one line, not ${JSON.stringify(text)}`);
  }
  return text;
}
