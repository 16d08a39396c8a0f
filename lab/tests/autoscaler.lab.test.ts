import { describe, expect, it } from "vitest";

import { ask, objects, outputs, timing, until } from "./lab.ts";

interface Autoscaler {
  readonly spec: { readonly minReplicas: number };
  readonly status: { readonly currentReplicas?: number; readonly desiredReplicas: number };
}

async function autoscaler(): Promise<Autoscaler> {
  const [found] = await objects<Autoscaler>("hpa", "-n", "website");
  expect(found).toBeDefined();
  return found as Autoscaler;
}

/** Visitors who come one after another, each as soon as the last was served. */
async function visit(url: string, until: AbortSignal): Promise<number> {
  let served = 0;
  while (!until.aborted) {
    // A visitor who finds the door shut comes again: the test is about load, not about errors.
    served += await ask(url).then(
      ({ status }) => (status === 200 ? 1 : 0),
      () => 0,
    );
  }
  return served;
}

describe("the autoscaler", () => {
  it("adds pods under load and takes them away when it is gone", async () => {
    const { spec } = await autoscaler();
    const end = new AbortController();
    const started = Date.now();
    const visitors = Array.from({ length: 16 }, () => visit(outputs().websiteUrl, end.signal));
    try {
      await until("more pods than the minimum", 300, async () =>
        ((await autoscaler()).status.currentReplicas ?? 0) > spec.minReplicas ? true : undefined,
      );
      timing("load to more pods", started);
    } finally {
      end.abort();
    }
    const served = (await Promise.all(visitors)).reduce((sum, count) => sum + count, 0);
    console.log(`pages served under load: ${served}`);
    const idle = Date.now();
    await until("the minimum of pods again", 400, async () =>
      (await autoscaler()).status.currentReplicas === spec.minReplicas ? true : undefined,
    );
    timing("idle to the minimum again", idle);
  });
});
