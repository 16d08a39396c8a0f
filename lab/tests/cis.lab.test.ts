/** The checks of the CIS benchmark on the cluster that runs. */
import { beforeAll, describe, expect, it } from "vitest";

import { report, type Result } from "../../cis/checks.ts";
import { results } from "../commands/cis.ts";

describe("the CIS benchmark", () => {
  let all: readonly Result[] = [];

  beforeAll(async () => {
    all = await results();
  });

  it("finds nothing that fails", () => {
    expect(report(all.filter(({ status }) => status === "FAIL"))).toMatch(/^\n0 checks: /);
  });

  it("looks at most, and says why it cannot look at the rest", () => {
    expect(all).toHaveLength(130);
    expect(all.filter(({ status }) => status === "PASS").length).toBeGreaterThanOrEqual(95);
    expect(all.filter(({ reason }) => reason === "")).toEqual([]);
  });
});
