/**
 * Ctrl-C: the first asks the running operation to stop in an orderly way, the second ends it
 * at once. Re-running continues in both cases.
 */

/** What can be stopped while it runs. */
export interface Stoppable {
  /** Asks it to stop in an orderly way. */
  ask(): void;
  /** Ends it at once. */
  force(): Promise<void>;
}

/** Listens for Ctrl-C (SIGINT) and for a request to end (SIGTERM). */
export class Interrupt {
  #count = 0;
  #current: Stoppable | undefined;

  /**
   * @param tell shows a line to the person at the terminal
   * @param leave releases the lock and ends the process
   */
  constructor(
    private readonly tell: (line: string) => void,
    private readonly leave: (exitCode: number) => void,
  ) {
    process.on("SIGINT", () => {
      this.take();
    });
    process.on("SIGTERM", () => {
      this.take();
    });
  }

  /** Whether a stop was asked for. */
  get asked(): boolean {
    return this.#count > 0;
  }

  /** Runs something that knows how to stop in order. */
  async during<T>(stoppable: Stoppable, work: () => Promise<T>): Promise<T> {
    this.#current = stoppable;
    try {
      return await work();
    } finally {
      this.#current = undefined;
    }
  }

  /** What one Ctrl-C does. */
  take(): void {
    this.#count += 1;
    const current = this.#current;
    if (current === undefined) {
      this.tell("interrupted; running the command again continues from here");
      this.leave(130);
    } else if (this.#count === 1) {
      this.tell("stopping when the steps under way are done; Ctrl-C again stops at once");
      current.ask();
    } else {
      this.tell("stopping at once; running the command again continues from here");
      current.force().then(
        () => {
          this.leave(130);
        },
        (error: unknown) => {
          this.tell(String(error));
          this.leave(130);
        },
      );
    }
  }
}
