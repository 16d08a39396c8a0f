/** Command text: what a remote shell reads from stdin, and how its result is read back. Pure. */

/** Shell variables by name. */
export type Values = Readonly<Record<string, string>>;

/** Files that are locked while a step runs, and gone afterwards. */
export interface Locks {
  /** Of this step: the script of an `up` that was killed may still be at work. */
  readonly step: string;
  /** Of the machine: one step at a time changes it. */
  readonly machine: string;
  /**
   * Whether the step mostly waits, for a device or a node: others work on the machine meanwhile,
   * unless it is undone; default false.
   */
  readonly waits?: boolean;
}

/** Longest that a run waits for another one to end, seconds. */
const LOCK_LIMIT = 1200;
/** Seconds of waiting for other steps of the same machine that are not worth a message. */
const PATIENCE = 10;

/** Lines around a result. A login shell may print before them and behind them. */
const BEGIN = "-----BEGIN FOGLINE RESULT-----";
const END = "-----END FOGLINE RESULT-----";

/**
 * A script with its variables before it. The whole is one function, so that the shell has read all
 * of it before the first command runs and no command can eat the rest from stdin.
 *
 * @throws RangeError when a name is not a shell variable's or a value holds a NUL
 */
export function render(script: string, values: Values): string {
  return `${define(script, values)}fogline "$@" </dev/null\n`;
}

/**
 * A script as a step of the program. What it prints is held back until everything that can fail is
 * done, and then printed as the result: a failing step prints nothing that an error could show.
 *
 * @throws RangeError as `render`
 */
export function renderStep(script: string, values: Values, locks?: Locks): string {
  return [
    define(script, values),
    ...(locks === undefined ? [] : [take(locks)]),
    // What the script starts and leaves behind does not inherit the locks.
    'result=$(exec 8>&- 9>&-; fogline "$@" </dev/null)\n',
    "code=$?\n",
    ...(locks === undefined ? [] : [`rm -f ${quote(locks.step)} "$machine"\n`]),
    "[ $code = 0 ] || exit $code\n",
    `printf '\\n%s\\n%s\\n%s\\n' ${quote(BEGIN)} "$result" ${quote(END)}\n`,
  ].join("");
}

/** What a step printed as its result; undefined where it printed none. */
export function resultOf(stdout: string): string | undefined {
  const lines = stdout.split("\n");
  const end = lines.lastIndexOf(END);
  const begin = end < 0 ? -1 : lines.lastIndexOf(BEGIN, end);
  return begin < 0 ? undefined : lines.slice(begin + 1, end).join("\n");
}

/** What a step with this result prints. */
export function printedBy(result: string): string {
  return ["", BEGIN, result, END].join("\n");
}

/** Whether a step of this text marks its result; those of earlier versions did not. */
export function marksResult(text: string): boolean {
  return text.includes(BEGIN);
}

function define(script: string, values: Values): string {
  const assignments = Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${variable(name)}=${quote(value)}`);
  // Programs print in English and warn of no missing locale: scripts read what they print.
  const lines = ["export LC_ALL=C.UTF-8", ...assignments, script];
  return `fogline() {\n${lines.join("\n")}\n}\n`;
}

/**
 * Locks the step, then the machine. Whoever had a lock before has removed its file: it is locked
 * only when the file of that name is the one that was locked.
 */
function take({ step, machine, waits = false }: Locks): string {
  return `lock() { # FD FILE SECONDS MESSAGE
  while :; do
    eval "exec $1>>\\"\\$2\\"" || exit
    flock --timeout "$3" "$1" || {
      echo "$4: waiting for its end" >&2
      flock --timeout ${LOCK_LIMIT} "$1"
    } || {
      echo 'it did not end within ${LOCK_LIMIT / 60} min: end it, or restart the machine' >&2
      exit 75
    }
    [ ! "/proc/self/fd/$1" -ef "$2" ] || break
  done
}
umask=$(umask)
umask 077
machine=
lock 9 ${quote(step)} 0 'an earlier run of this step is still at work here'
if [ "$1" = delete ] || ${String(!waits)}; then
  machine=${quote(machine)}
  lock 8 "$machine" ${PATIENCE} 'another step is at work on this machine'
fi
umask "$umask"
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
