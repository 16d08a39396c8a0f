/** Which of several servers takes the next connection: each in turn, those that do not answer last. */

/** A server of the website. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Hands out targets in turn. */
export class Rotation {
  #targets: readonly Target[] = [];
  #next = 0;
  readonly #dead = new Set<string>();

  /** Replaces the targets; what is known of those that stay is kept. */
  set(targets: readonly Target[]): void {
    this.#targets = targets;
    const names = new Set(targets.map(nameOfTarget));
    for (const name of this.#dead) {
      if (!names.has(name)) {
        this.#dead.delete(name);
      }
    }
  }

  /** All targets. */
  get targets(): readonly Target[] {
    return this.#targets;
  }

  /**
   * The order in which one connection tries the targets: the living ones from the next in turn on,
   * then the dead ones, one of which may just have come back.
   */
  order(): Target[] {
    const start = this.#next;
    this.#next = (this.#next + 1) % Math.max(1, this.#targets.length);
    const turned = [...this.#targets.slice(start), ...this.#targets.slice(0, start)];
    const dead = turned.filter((target) => this.isDead(target));
    return [...turned.filter((target) => !this.isDead(target)), ...dead];
  }

  /** Whether a target did not answer when it was last tried. */
  isDead(target: Target): boolean {
    return this.#dead.has(nameOfTarget(target));
  }

  /** Records whether a target answered. */
  mark(target: Target, alive: boolean): void {
    if (alive) {
      this.#dead.delete(nameOfTarget(target));
    } else {
      this.#dead.add(nameOfTarget(target));
    }
  }
}

/** `host:port`. */
export function nameOfTarget({ host, port }: Target): string {
  return `${host}:${port}`;
}

/** The targets behind website addresses such as `http://203.0.113.11`. */
export function targetsOf(urls: readonly string[]): Target[] {
  return urls.map((url) => {
    const { hostname, port, protocol } = new URL(url);
    return {
      host: hostname,
      port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    };
  });
}
