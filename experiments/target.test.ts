import { describe, expect, it } from "vitest";

import { PORT } from "./faults/direct-port.ts";
import { openings, urlsOf } from "./target.ts";
import { scriptedSite } from "./testing/scripted-site.ts";

const machine = "raspberrypi";

describe("a target", () => {
  const site = scriptedSite(undefined, { addressOf: () => Promise.resolve("192.168.50.10") });

  it("is the site's own addresses where a variant names none", async () => {
    expect(await urlsOf(site, undefined)).toEqual(site.urls);
    expect(openings(undefined)).toEqual([]);
  });

  it("is the ingress of a machine at the address that visitors reach it by", async () => {
    expect(await urlsOf(site, { kind: "ingress", machine })).toEqual(["http://192.168.50.10/"]);
    expect(openings({ kind: "ingress", machine })).toEqual([]);
  });

  it("is a port of a machine that leads to its pod, once it is opened", async () => {
    const urls = await urlsOf(site, { kind: "pod", machine });
    expect(urls).toEqual([`http://192.168.50.10:${PORT}/`]);
    expect(openings({ kind: "pod", machine })).toEqual([{ kind: "direct-port", machine }]);
  });
});
