/** Admission to a few places at work: who waits too long, or behind too many, is turned away. */

/** Limits of a line. */
export interface LineLimits {
  /** How many work at the same moment. */
  readonly places: number;
  /** How many wait at most; more are turned away at once. */
  readonly waiting: number;
}

/** Thrown at whoever is turned away. */
export class TurnedAway extends Error {}

/** Places are given in the order of asking, except that urgent askers come first. */
export class WaitingLine {
  private free: number;
  /** Each admits one who waits. */
  private readonly urgent: (() => void)[] = [];
  private readonly ordinary: (() => void)[] = [];

  constructor(private readonly limits: LineLimits) {
    this.free = limits.places;
  }

  /**
   * Does some work in one of the places.
   *
   * @param patience longest wait for a place, milliseconds
   * @throws TurnedAway where no place became free in time, or too many wait already
   */
  async admit<T>(
    work: () => Promise<T>,
    { patience, urgent = false }: { readonly patience: number; readonly urgent?: boolean },
  ): Promise<T> {
    await this.enter(patience, urgent);
    try {
      return await work();
    } finally {
      const next = this.urgent.shift() ?? this.ordinary.shift();
      if (next === undefined) {
        this.free += 1;
      } else {
        next();
      }
    }
  }

  private enter(patience: number, isUrgent: boolean): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve();
    }
    const line = isUrgent ? this.urgent : this.ordinary;
    if (line.length >= this.limits.waiting) {
      return Promise.reject(new TurnedAway(`${line.length} wait already`));
    }
    return new Promise((resolve, reject) => {
      const admitted = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.splice(line.indexOf(admitted), 1);
        reject(new TurnedAway(`no place became free within ${patience} ms`));
      }, patience);
      line.push(admitted);
    });
  }
}
