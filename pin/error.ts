/** Thrown for what cannot be pinned: what it is, why not, and what to do. */
export class PinError extends Error {
  override readonly name = "PinError";

  /**
   * @param url what was asked for; empty where nothing was
   * @param problem completes the sentence "… <problem>"
   */
  constructor(
    readonly url: string,
    readonly problem: string,
    readonly fix: string,
    options?: ErrorOptions,
  ) {
    super(url === "" ? problem : `${url}: ${problem}`, options);
  }
}
