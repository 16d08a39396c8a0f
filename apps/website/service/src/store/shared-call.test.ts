import { describe, expect, it } from "vitest";

import { SharedCall } from "./shared-call.ts";

describe("SharedCall", () => {
  it("makes one call for all who ask while another runs, begun after they asked", async () => {
    const begun: ((value: number) => void)[] = [];
    const shared = new SharedCall(() => new Promise<number>((resolve) => begun.push(resolve)));
    const first = shared.ask();
    const others = [shared.ask(), shared.ask(), shared.ask()];
    expect(begun).toHaveLength(1);
    begun[0]?.(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(begun).toHaveLength(2);
    begun[1]?.(2);
    expect(await Promise.all(others)).toEqual([2, 2, 2]);
  });

  it("asks anew after a failure", async () => {
    let calls = 0;
    const shared = new SharedCall(() => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error("away")) : Promise.resolve(calls);
    });
    const asked = [shared.ask(), shared.ask()];
    await expect(asked[0]).rejects.toThrow("away");
    expect(await asked[1]).toBe(2);
    expect(await shared.ask()).toBe(3);
  });
});
