import { describe, expect, it } from "vitest";

import { TurnedAway, WaitingLine } from "./waiting-line.ts";

/** Work that lasts until it is told to end. */
function work(): { run: () => Promise<void>; end: () => void; begun: Promise<void> } {
  let end = (): void => undefined;
  let begin = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  return {
    run: () => {
      begin();
      return ended;
    },
    end,
    begun,
  };
}

const PATIENT = { patience: 60_000 };

describe("WaitingLine", () => {
  it("gives a place that becomes free to who asked first, urgent askers before", async () => {
    const line = new WaitingLine({ places: 1, waiting: 10 });
    const first = work();
    const order: string[] = [];
    const note = (name: string) => (): Promise<void> => {
      order.push(name);
      return Promise.resolve();
    };
    const all = [
      line.admit(first.run, PATIENT),
      line.admit(note("second"), PATIENT),
      line.admit(note("third"), PATIENT),
      line.admit(note("urgent"), { ...PATIENT, urgent: true }),
    ];
    expect(order).toEqual([]);
    first.end();
    await Promise.all(all);
    expect(order).toEqual(["urgent", "second", "third"]);
  });

  it("turns away who waited long enough, and gives no place to them", async () => {
    const line = new WaitingLine({ places: 1, waiting: 10 });
    const first = work();
    const working = line.admit(first.run, PATIENT);
    await expect(line.admit(work().run, { patience: 1 })).rejects.toBeInstanceOf(TurnedAway);
    const last = work();
    const waiting = line.admit(last.run, PATIENT);
    first.end();
    await last.begun;
    last.end();
    await Promise.all([working, waiting]);
  });

  it("turns away at once who would be one too many", async () => {
    const line = new WaitingLine({ places: 1, waiting: 1 });
    const [first, second] = [work(), work()];
    const all = [line.admit(first.run, PATIENT), line.admit(second.run, PATIENT)];
    await expect(line.admit(work().run, PATIENT)).rejects.toThrow("1 wait already");
    first.end();
    second.end();
    await Promise.all(all);
  });

  it("frees the place of work that failed", async () => {
    const line = new WaitingLine({ places: 1, waiting: 1 });
    await expect(line.admit(() => Promise.reject(new Error("broken")), PATIENT)).rejects.toThrow(
      "broken",
    );
    expect(await line.admit(() => Promise.resolve(1), PATIENT)).toBe(1);
  });
});
