/** What every store must do: run against the one in memory and against a real PostgreSQL. */
import { randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import type { Answer } from "../poll.ts";
import type { Store } from "../store/store.ts";

/**
 * Declares the contract's tests.
 *
 * @param open makes a store that holds no ballots
 */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the store's contract`, () => {
    it("counts nothing before the first ballot", async () => {
      const store = await open();
      expect(await store.tally()).toEqual({ dog: 0, cat: 0, horse: 0, hamster: 0 });
      await store.close();
    });

    it("counts ballots by answer", async () => {
      const store = await open();
      for (const answer of ["dog", "cat", "dog"] as const) {
        expect(await store.cast({ id: randomUUID(), answer })).toBe("accepted");
      }
      expect(await store.tally()).toEqual({ dog: 2, cat: 1, horse: 0, hamster: 0 });
      await store.close();
    });

    it("counts a ballot once that is cast again, and accepts it again", async () => {
      const store = await open();
      const ballot = { id: randomUUID(), answer: "horse" } as const;
      expect(await store.cast(ballot)).toBe("accepted");
      expect(await store.cast(ballot)).toBe("accepted");
      expect((await store.tally()).horse).toBe(1);
      await store.close();
    });

    it("lets the first answer of a ballot stand", async () => {
      const store = await open();
      const id = randomUUID();
      await store.cast({ id, answer: "cat" });
      expect(await store.cast({ id, answer: "dog" })).toBe("conflict");
      expect(await store.tally()).toEqual({ dog: 0, cat: 1, horse: 0, hamster: 0 });
      await store.close();
    });

    it("counts 500 ballots once each that are all cast three times at the same moment", async () => {
      const store = await open();
      const answers: readonly Answer[] = ["dog", "cat", "horse", "hamster"];
      const ballots = Array.from({ length: 500 }, (_, index) => ({
        id: randomUUID(),
        answer: answers[index % 4] ?? "dog",
      }));
      const outcomes = await Promise.all(
        [...ballots, ...ballots, ...ballots].map((ballot) => store.cast(ballot)),
      );
      expect(new Set(outcomes)).toEqual(new Set(["accepted"]));
      expect(await store.tally()).toEqual({ dog: 125, cat: 125, horse: 125, hamster: 125 });
      await store.close();
    });
  });
}
