import { expect, it } from "vitest";

import { LIMITS } from "../website/service/src/app.ts";
import { ANSWER_TIMEOUT_MS } from "./retries.ts";

it("waits longer for a pod than the website lets a request wait for its database", () => {
  // Else a busy pod's requests would be sent to all the others, which are as busy.
  expect(ANSWER_TIMEOUT_MS).toBeGreaterThanOrEqual(LIMITS.storeWaitMs + 500);
});
