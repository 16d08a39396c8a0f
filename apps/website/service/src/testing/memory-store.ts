/** A store that forgets, for unit tests: the same contract as PostgreSQL's. */
import type { Answer, Ballot, Tally } from "../poll.ts";
import { StoreOverloaded, StoreUnavailable, type Outcome, type Store } from "../store/store.ts";

export class MemoryStore implements Store {
  /** Set to make every call fail, as a dead database does. */
  down = false;
  /** Set to make every call fail for want of time, as a busy database does. */
  busy = false;
  /** Set to make every call hang until it is cleared, as a silent database does. */
  silent = false;
  private readonly ballots = new Map<string, Answer>();

  async cast(ballot: Ballot): Promise<Outcome> {
    await this.answering();
    const cast = this.ballots.get(ballot.id);
    if (cast === undefined) {
      this.ballots.set(ballot.id, ballot.answer);
    }
    return cast === undefined || cast === ballot.answer ? "accepted" : "conflict";
  }

  async tally(): Promise<Tally> {
    await this.answering();
    const tally = { dog: 0, cat: 0, horse: 0, hamster: 0 };
    for (const answer of this.ballots.values()) {
      tally[answer] += 1;
    }
    return tally;
  }

  check(): Promise<void> {
    return this.answering();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private answering(): Promise<void> {
    if (this.down) {
      return Promise.reject(new StoreUnavailable("the memory store is down"));
    }
    if (this.busy) {
      return Promise.reject(new StoreOverloaded("the memory store is busy"));
    }
    return this.silent ? new Promise(() => undefined) : Promise.resolve();
  }
}
