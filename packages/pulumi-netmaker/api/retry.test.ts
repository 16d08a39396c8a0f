import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DEFAULT_RETRY, delayBefore, mayRepeat, readRetryAfter } from "./retry.ts";

describe("a repetition", () => {
  it("is always allowed for what never left", () => {
    expect(mayRepeat({ kind: "not-sent" }, false)).toBe(true);
  });

  it("is allowed after a break only where twice is the same as once", () => {
    expect(mayRepeat({ kind: "broken" }, true)).toBe(true);
    expect(mayRepeat({ kind: "broken" }, false)).toBe(false);
  });

  it("is allowed after no other status than those that say later", () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), fc.boolean(), (status, idempotent) => {
        const later = [429, 502, 503, 504].includes(status);
        expect(mayRepeat({ kind: "status", status }, idempotent)).toBe(
          later && (idempotent || status === 429),
        );
      }),
    );
  });

  it("comes within a span that doubles up to the longest", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), random, (repetition, value) => {
        const delay = delayBefore(repetition, DEFAULT_RETRY, () => value);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(8_000, 250 * 2 ** (repetition - 1)));
      }),
    );
  });

  it("comes when the server says, if it does", () => {
    expect(delayBefore(1, DEFAULT_RETRY, () => 0.9, 7_000)).toBe(7_000);
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-04-02T09:00:00Z");

  it.each([
    ["5", 5_000],
    ["0", 0],
    ["Thu, 02 Apr 2026 09:00:30 GMT", 30_000],
    ["Thu, 02 Apr 2026 08:00:00 GMT", 0],
    ["soon", undefined],
    [undefined, undefined],
  ])("%j is %j ms", (header, expected) => {
    expect(readRetryAfter(header, now)).toBe(expected);
  });
});
