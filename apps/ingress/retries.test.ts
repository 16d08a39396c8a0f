import { describe, expect, it } from "vitest";

import { PROFILES, timersOf } from "../../config/failover.ts";
import { LIMITS } from "../website/service/src/app.ts";
import { dynamicConfiguration } from "./dynamic.ts";
import { middlewares, timeoutArguments } from "./retries.ts";

describe("Traefik", () => {
  it("is told the same by the same settings: another word starts all of its pods anew", () => {
    // Another text is another pod of every worker's ingress controller.
    expect(timeoutArguments(timersOf({}))).toEqual([
      "--serverstransport.forwardingtimeouts.dialtimeout=500ms",
      "--serverstransport.forwardingtimeouts.responseheadertimeout=5000ms",
    ]);
    expect(dynamicConfiguration(timersOf({}))).toMatchSnapshot();
  });

  it("is told nothing in the profile stock, and has its middlewares under their names", () => {
    expect(timeoutArguments(timersOf({ profile: "stock" }))).toEqual([]);
    expect(middlewares(timersOf({ profile: "stock" }))).toEqual({
      "try-another": { retry: { attempts: 1 } },
      "try-another-unless-sent": { retry: { attempts: 1 } },
    });
  });

  it("waits longer for a pod than the website lets a request wait for its database", () => {
    // Else a busy pod's requests would be sent to all the others, which are as busy.
    const { answerMs, databaseMs } = timersOf({});
    expect(LIMITS.storeWaitMs).toBe(2 * databaseMs);
    expect(answerMs).toBeGreaterThanOrEqual(LIMITS.storeWaitMs + 500);
  });

  it("hears of dropped endpoints sooner in the profile fast", () => {
    expect(timeoutArguments(timersOf({ profile: "fast" }))).toContain(
      "--providers.providersthrottleduration=0.2s",
    );
  });

  it.each(PROFILES)("has the same middlewares in the profile %s, which routes name", (profile) => {
    expect(Object.keys(middlewares(timersOf({ profile })))).toEqual(
      Object.keys(middlewares(timersOf({}))),
    );
  });
});
