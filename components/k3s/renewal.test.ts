import { describe, expect, it } from "vitest";

import { renewalPeriod, warningOf } from "./renewal.ts";

const DAY = 86_400_000;
const now = new Date("2026-11-27T12:00:00Z");
const after = (days: number): Date => new Date(now.getTime() + days * DAY);

describe("the cluster's certificates", () => {
  it("are looked at again within 60 days, which is less than K3s leaves them after a look", () => {
    const days = Array.from({ length: 200 }, (_, day) => renewalPeriod(after(day)));
    const changes = days.flatMap((period, day) =>
      day > 0 && period !== days[day - 1] ? [day] : [],
    );
    expect(changes.length).toBeGreaterThan(2);
    expect(changes.slice(1).map((day, index) => day - (changes[index] ?? 0))).toEqual(
      changes.slice(1).map(() => 60),
    );
  });

  it("are told of before their end and after it", () => {
    expect(warningOf(after(120), now)).toBeUndefined();
    expect(warningOf(after(10), now)).toContain("end in 10 days, on 2026-12-07");
    expect(warningOf(after(-2), now)).toContain("ended on 2026-11-25: run up without --refresh");
  });
});
