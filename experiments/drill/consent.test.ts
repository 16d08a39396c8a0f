import { describe, expect, it } from "vitest";

import { agreed, consentText } from "./consent.ts";
import { planDrill } from "./plan.ts";
import { placeOf } from "./testing/place.ts";

const GIVEN = {
  fault: "silence",
  stack: "dev",
  node: "raspberrypi",
  seconds: "",
  percent: "",
  yes: "",
};
const never = new AbortController().signal;

describe("what a person is told before", () => {
  it("is what happens where, for how long, how it ends, and who notices what", async () => {
    const place = placeOf();
    const plan = await planDrill(GIVEN, place, { isTerminal: true, say: () => undefined });
    expect(consentText(plan, place)).toBe(
      `stack    dev
machine  raspberrypi
fault    silence: drops all packets of raspberrypi for 60 s
lasts    60 s, after 15 s of visits and before another 60 s
ends     the machine's kernel ends it when the time is over, whoever is gone by then
visits   5 a second to http://192.0.2.18/, and no vote, which would count in your poll
What visitors will notice:
  - 2 of 4 pods of the website are on raspberrypi, 2 elsewhere: visits that are under way there may fail, and until the cluster notices, others take longer
`,
    );
  });

  it("names no machine where none has the fault alone, and what a stack is protected by", async () => {
    const place = placeOf(undefined, { isProtected: true });
    const given = { ...GIVEN, fault: "pod-kill", node: "" };
    const plan = await planDrill(given, place, { isTerminal: true, say: () => undefined });
    const text = consentText(plan, place);
    expect(text).not.toContain("machine  ");
    expect(text).toContain("stack    dev, which is protected (cloud.protect)");
  });

  it("says what the person has to do", async () => {
    const [own, lab] = [placeOf(), { ...placeOf(), isLab: true }];
    const given = { ...GIVEN, fault: "power-off" };
    const plan = await planDrill(given, own, { isTerminal: true, say: () => undefined });
    expect(consentText(plan, own)).toContain("on a stack of yours you do, when you are told to");
    expect(consentText(plan, lab)).toContain("takes the network, then the power of raspberrypi");
  });

  it("tells of votes in the lab, whose poll is nobody's", async () => {
    const place = { ...placeOf(), isLab: true };
    const plan = await planDrill(GIVEN, place, { isTerminal: true, say: () => undefined });
    expect(consentText(plan, place)).toContain("5 a second to http://192.0.2.18/, and 2 votes");
  });
});

describe("consent", () => {
  it("is the stack's name, typed", async () => {
    await agreed("dev", "", () => Promise.resolve("dev \n"), never);
  });

  it("is no other word", async () => {
    for (const word of ["", "y", "yes", "prod"]) {
      const typed = agreed("dev", "", () => Promise.resolve(word), never);
      await expect(typed).rejects.toThrow("is not dev: nothing was begun");
    }
  });

  it("was given beforehand by --yes, and nobody is asked", async () => {
    await agreed("dev", "dev", undefined, never);
    await expect(agreed("dev", "", undefined, never)).rejects.toThrow("nothing was begun");
  });
});
