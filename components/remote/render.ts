/** Command text: what a remote shell reads from stdin. Pure. */

/** Shell variables by name. */
export type Values = Readonly<Record<string, string>>;

/** Longest that a run waits for an earlier one of the same step to end, seconds. */
const LOCK_LIMIT = 1200;

/**
 * A script with its variables before it. The whole is one function, so that the shell has read all
 * of it before the first command runs and no command can eat the rest from stdin.
 *
 * @param lock file that is locked meanwhile and goes with `delete`: the script of an `up` that was
 *   killed may still be at work where the next one runs it again
 * @throws RangeError when a name is not a shell variable's or a value holds a NUL
 */
export function render(script: string, values: Values, lock?: string): string {
  const assignments = Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${variable(name)}=${quote(value)}`);
  const whole = `fogline() {\n${[...assignments, script].join("\n")}\n}\n`;
  return whole + (lock === undefined ? 'fogline "$@" </dev/null\n' : alone(quote(lock)));
}

/** Runs the function while nobody else does. What it starts does not inherit the lock. */
function alone(lock: string): string {
  return `{
  flock --nonblock 9 || {
    echo 'an earlier run of this step is still at work here: waiting for its end' >&2
    flock --timeout ${LOCK_LIMIT} 9
  } || {
    echo 'it did not end within ${LOCK_LIMIT / 60} min: end it, or restart the machine' >&2
    exit 75
  }
  (fogline "$@") </dev/null 9>&-
  code=$?
  [ "$1" != delete ] || rm -f ${lock}
  exit $code
} 9>>${lock}
`;
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
