/**
 * Progress of a command on the terminal: named phases, how long each has taken and what it waits for,
 * and one table at the end. On a terminal the running phases are redrawn in
 * place; in a log each phase prints its state every 15 seconds.
 */

/** Reports what a phase waits for, as a short phrase. */
export type Say = (text: string) => void;

/** Where progress is written: a terminal or a log. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

interface Phase {
  readonly name: string;
  readonly since: number;
  waitsFor: string;
  saidAt: number;
  took?: number;
  failed?: boolean;
}

/** How often a terminal is redrawn, in milliseconds. */
const REDRAW = 250;

/** How often a phase prints a line in a log, in milliseconds. */
const SPEAK = 15_000;

/** Shows phases as they run; `close` must be called at the end. */
export class Progress {
  readonly #started: number;
  readonly #phases: Phase[] = [];
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;

  /**
   * @param screen where to write; a terminal is redrawn in place
   * @param now clock in milliseconds
   */
  constructor(
    private readonly screen: Screen = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#started = now();
    this.#timer = setInterval(() => {
      this.tick();
    }, REDRAW);
    this.#timer.unref();
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.now() - this.#started;
  }

  /**
   * Runs one phase under a name; phases may overlap. A failure passes through unchanged, after the
   * phase is marked as the one that failed.
   */
  async phase<T>(name: string, work: (say: Say) => Promise<T>): Promise<T> {
    const phase: Phase = { name, since: this.now(), waitsFor: "", saidAt: this.now() };
    this.#phases.push(phase);
    try {
      return await work((text) => {
        phase.waitsFor = oneLine(text);
      });
    } catch (error) {
      phase.failed = true;
      throw error;
    } finally {
      phase.took = this.now() - phase.since;
      const state = phase.failed === true ? "failed after" : "done in";
      // What takes no time needs no line of its own; the table still names it.
      if (phase.failed === true || phase.took >= 1000) {
        this.note(`${mark(phase)} ${name}: ${state} ${duration(phase.took)}`);
      }
    }
  }

  /** Writes a line that stays. */
  note(line: string): void {
    this.#erase();
    this.screen.write(`${line}\n`);
    this.#draw();
  }

  /** Redraws; in a log, prints a line for each phase that has printed none for long. */
  tick(): void {
    if (this.screen.isTTY === true) {
      this.#erase();
      this.#draw();
      return;
    }
    for (const phase of this.#phases.filter((each) => each.took === undefined)) {
      if (this.now() - phase.saidAt >= SPEAK) {
        phase.saidAt = this.now();
        this.screen.write(`${this.#line(phase)}\n`);
      }
    }
  }

  /** Phases and times, one a line, and the whole; phases may have overlapped. */
  table(): string {
    const width = Math.max(5, ...this.#phases.map((phase) => phase.name.length));
    const rows = this.#phases.map(
      (phase) =>
        `${mark(phase)} ${phase.name.padEnd(width)}  ${duration(phase.took ?? this.now() - phase.since).padStart(8)}`,
    );
    return [...rows, `  ${"whole".padEnd(width)}  ${duration(this.elapsed).padStart(8)}`].join(
      "\n",
    );
  }

  /** Ends the redrawing; what was drawn in place disappears. */
  close(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #line(phase: Phase): string {
    const waits = phase.waitsFor === "" ? "" : `: ${phase.waitsFor}`;
    return `… ${phase.name}, ${duration(this.now() - phase.since)}${waits}`;
  }

  #erase(): void {
    if (this.#drawn > 0) {
      this.screen.write(`\u001b[${this.#drawn}F\u001b[J`);
      this.#drawn = 0;
    }
  }

  #draw(): void {
    if (this.screen.isTTY !== true) {
      return;
    }
    const running = this.#phases.filter((phase) => phase.took === undefined);
    // A line wider than the terminal would wrap and the next redraw would leave its rest behind.
    const width = Math.max(20, (this.screen.columns ?? 80) - 1);
    for (const phase of running) {
      this.screen.write(`${this.#line(phase).slice(0, width)}\n`);
    }
    this.#drawn = running.length;
  }
}

/** A length of time for people: `0.4 s`, `12.3 s`, `3 min 05 s`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** A failure that says where it happened and where to look closer. */
export class LabError extends Error {
  /**
   * @param where host or part of the lab, e.g. `raspberrypi` or `toolchain`
   * @param step what was being done
   * @param detail what went wrong: the cause, or the last lines of output
   * @param next the command that shows more, or the fix
   */
  constructor(
    readonly where: string,
    readonly step: string,
    readonly detail: string,
    readonly next: string,
  ) {
    super(`${where}: ${step} failed\n${indent(detail.trim())}\nnext: ${next}`);
    this.name = "LabError";
  }
}

/** The user stopped the command. */
export class StoppedError extends Error {
  constructor(command: string) {
    super(`stopped; make ${command} continues from here`);
    this.name = "StoppedError";
  }
}

/** The last lines of a command's output, which hold its reason. */
export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

function mark(phase: Phase): string {
  return phase.failed === true ? "✗" : phase.took === undefined ? "…" : "✓";
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
