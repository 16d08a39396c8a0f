/** Where ballots are kept, as the rest of the website sees it. */
import type { Ballot, Tally } from "../poll.ts";

/** `conflict`: this ballot was cast before with another answer, which stands. */
export type Outcome = "accepted" | "conflict";

/** Keeps ballots and counts them. Every method rejects with `StoreUnavailable` when it cannot. */
export interface Store {
  /**
   * Counts a ballot once, however often it is cast; resolves when it is kept for good.
   * After a rejection the ballot may or may not have been counted: casting it again settles it.
   */
  cast(ballot: Ballot): Promise<Outcome>;
  /** The counts, including every ballot whose `cast` has resolved, in whichever process. */
  tally(): Promise<Tally>;
  /** Resolves when the store can be reached and used. */
  check(): Promise<void>;
  /** Ends the store's connections once what runs has ended. */
  close(): Promise<void>;
}

/** The store cannot be used now; the same call may succeed later. */
export class StoreUnavailable extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "StoreUnavailable";
  }
}

/** The store is there and has more to do than it has time for: what was refused may be sent again. */
export class StoreOverloaded extends StoreUnavailable {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "StoreOverloaded";
  }
}
