/** Command text: what a remote shell reads from stdin. Pure. */

/** Shell variables by name. */
export type Values = Readonly<Record<string, string>>;

/**
 * A script with its variables before it. The whole is one function, so that the shell has read all
 * of it before the first command runs and no command can eat the rest from stdin.
 *
 * @throws RangeError when a name is not a shell variable's or a value holds a NUL
 */
export function render(script: string, values: Values): string {
  const assignments = Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${variable(name)}=${quote(value)}`);
  return `fogline() {\n${[...assignments, script].join("\n")}\n}\nfogline "$@" </dev/null\n`;
}

/** A text as one word of the shell, whatever it holds. */
export function quote(text: string): string {
  if (text.includes("\0")) {
    throw new RangeError("a shell word cannot hold a NUL character");
  }
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function variable(name: string): string {
  if (!/^[A-Z][A-Z0-9_]*$/.test(name)) {
    throw new RangeError(`${name} is not a shell variable's name: use A-Z, 0-9 and _`);
  }
  return name;
}
