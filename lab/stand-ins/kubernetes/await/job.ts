/** A Job runs to its end: complete, or failed. */
import { numberAt, objectAt, stringAt } from "../values.ts";
import { condition, explainEvents, explainPods, holds, podsOwnedBy, summary } from "./pods.ts";
import { done, failed, waiting, type Readiness } from "./wait.ts";

export const job: Readiness = {
  async look(live, scope) {
    if (holds(live, "Complete")) {
      return done("the job is complete");
    }
    if (objectAt(live, "spec")["suspend"] === true) {
      return done("the job is suspended");
    }
    const failure = condition(live, "Failed");
    if (failure?.["status"] === "True") {
      const reason = stringAt(failure, "reason") ?? "Failed";
      return failed(`the job failed: ${reason}: ${stringAt(failure, "message") ?? ""}`);
    }
    if (stringAt(live, "status", "startTime") === undefined) {
      return waiting("the job has not started yet");
    }
    const wanted = numberAt(live, "spec", "completions") ?? 1;
    const succeeded = numberAt(live, "status", "succeeded") ?? 0;
    const pods = await podsOwnedBy(live, scope);
    const troubles = summary(pods);
    return waiting(`[${succeeded}/${wanted}] runs complete${troubles && `; ${troubles}`}`);
  },
  async explain(live, scope) {
    const pods = await podsOwnedBy(live, scope);
    return [...(await explainEvents(live, scope)), ...(await explainPods(pods, scope))];
  },
};
