import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { escapeHtml } from "./page.ts";
import { resultsOf } from "./poll.ts";

const count = fc.nat({ max: 10_000_000 });
const tally = fc.record({ dog: count, cat: count, horse: count, hamster: count });

describe("resultsOf", () => {
  it("is empty, not undefined, before the first vote", () => {
    const { total, answers } = resultsOf({ dog: 0, cat: 0, horse: 0, hamster: 0 });
    expect(total).toBe(0);
    expect(answers.map(({ percent }) => percent)).toEqual([0, 0, 0, 0]);
  });

  it("gives shares that add up to the whole, but for rounding", () => {
    fc.assert(
      fc.property(tally, (votes) => {
        const { total, answers } = resultsOf(votes);
        const sum = answers.reduce((all, { percent }) => all + percent, 0);
        expect(answers.reduce((all, share) => all + share.votes, 0)).toBe(total);
        expect(Math.abs(sum - (total === 0 ? 0 : 100))).toBeLessThan(0.3);
      }),
    );
  });
});

describe("escapeHtml", () => {
  it("leaves nothing that could end an attribute or open an element", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});
