import { describe, expect, it } from "vitest";

import { away, impaired, noVotes, onePod, unmanaged, type Scene } from "./notices.ts";
import { factsOf } from "./testing/place.ts";

const URL = "http://192.0.2.18/";

function scene(node: string, others: Partial<Scene> = {}): Scene {
  return { facts: factsOf(), node, urls: [URL], ownUrls: [], ...others };
}

describe("a machine that is away", () => {
  it("takes its share of the pods with it", () => {
    expect(away(scene("raspberrypi"))).toEqual([
      expect.stringMatching(/^2 of 4 pods of the website are on raspberrypi, 2 elsewhere: /),
    ]);
  });

  it("with all of them fails every visit, until they are elsewhere if they can be", () => {
    const facts = factsOf({ website: ["raspberrypi"] });
    expect(away(scene("raspberrypi", { facts }))).toEqual([
      "the website's only pod is on raspberrypi: every visit fails until they are made elsewhere, or it is back",
    ]);
    const nodes = facts.nodes.filter(({ name }) => name !== "workernode");
    expect(away(scene("raspberrypi", { facts: { ...facts, nodes } }))[0]).toContain(
      "until it is back, as no other node takes pods",
    );
  });

  it("refuses votes with the database, and visits by the address that is its own", () => {
    const lines = away(scene("workernode", { ownUrls: [URL] }));
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain(
      "the database is on workernode: pages are shown, and votes are refused",
    );
    expect(lines[2]).toBe(
      `${URL} leads to workernode alone: visits by it fail while it is away; the website has no other address`,
    );
    const two = [URL, "http://192.0.2.19/"];
    expect(away(scene("workernode", { urls: two, ownUrls: [URL] }))[2]).toContain(
      "use all 2 addresses in turn",
    );
  });

  it("that is the server takes the overlay with it", () => {
    expect(away(scene("masternode"))).toEqual([
      "no pod of the website is on masternode",
      expect.stringContaining("is the hub of the overlay"),
    ]);
  });
});

describe("a machine that nobody manages", () => {
  it("serves on, and so do its copies elsewhere", () => {
    expect(unmanaged(scene("raspberrypi"))).toEqual([
      expect.stringMatching(
        /^the 2 pods on raspberrypi run on and answer; .*no visit should fail$/,
      ),
    ]);
    expect(unmanaged(scene("workernode"))[1]).toContain("votes may be refused (503)");
    expect(unmanaged(scene("masternode"))).toEqual([
      expect.stringContaining("kubectl gets no answer"),
    ]);
  });
});

it("a bad line makes answers of its pods late", () => {
  expect(impaired(scene("raspberrypi"))).toEqual([
    expect.stringMatching(/^2 of 4 pods .* take longer/),
  ]);
});

it("one pod is missed where it is the only one", () => {
  expect(onePod(scene(""))[0]).toContain("one of 4 pods");
  expect(onePod(scene("", { facts: factsOf({ website: ["workernode"] }) }))[0]).toContain(
    "every visit fails until another one is Ready",
  );
});

it("the database is named with its node", () => {
  expect(noVotes(scene(""))[0]).toContain("the database, on workernode, is away");
});
