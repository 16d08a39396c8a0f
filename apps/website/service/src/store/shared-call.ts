/** One call for all who ask at the same time. */

/**
 * Makes a call on behalf of everybody who asks while another one runs. Whoever asks gets a call that
 * began after the asking, so that the answer holds all that happened before: sharing the call that
 * runs already could hide somebody's own vote from them.
 */
export class SharedCall<T> {
  private running: Promise<T> | undefined;
  private next: Promise<T> | undefined;

  constructor(private readonly call: () => Promise<T>) {}

  ask(): Promise<T> {
    if (this.running === undefined) {
      return this.start();
    }
    const begin = (): Promise<T> => {
      this.next = undefined;
      return this.start();
    };
    this.next ??= this.running.then(begin, begin);
    return this.next;
  }

  private start(): Promise<T> {
    const running = this.call();
    const end = (): void => {
      if (this.running === running) {
        this.running = undefined;
      }
    };
    this.running = running;
    running.then(end, end);
    return running;
  }
}
