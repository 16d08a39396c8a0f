import { describe, expect, it } from "vitest";

import { Observer } from "./observe.ts";

/** Two pods on each of two nodes, all of them endpoints. */
function atRest(): Observer {
  const observer = new Observer();
  observer.node(0, "ADDED pi True");
  observer.node(0, "ADDED worker True");
  for (const [pod, node] of Object.entries({ a: "pi", b: "pi", c: "worker", d: "worker" })) {
    observer.pod(0, `ADDED ${pod} ${node} True `);
  }
  observer.slice(0, "ADDED slice pi=true pi=true worker=true worker=true");
  return observer;
}

describe("a node that dies", () => {
  it("is marked when it is given up, when its endpoints go and when it is replaced, once each", () => {
    const observer = atRest();
    observer.inject(1, "pi");
    observer.node(7, "MODIFIED pi Unknown");
    observer.slice(7.1, "MODIFIED slice pi=false pi=false worker=true worker=true");
    observer.pod(7.2, "MODIFIED a pi False 2026-11-28T07:00:00Z");
    observer.pod(7.2, "MODIFIED b pi False 2026-11-28T07:00:00Z");
    observer.pod(9, "ADDED e worker  ");
    observer.pod(10, "MODIFIED e worker True ");
    observer.pod(11, "ADDED f worker True ");
    observer.node(12, "MODIFIED pi Unknown");
    expect(observer.marks).toEqual([
      { at: 1, what: "inject", subject: "pi" },
      { at: 7, what: "node-not-ready", subject: "pi" },
      { at: 7.1, what: "endpoints-dropped", subject: "pi" },
      { at: 11, what: "replacement-ready", subject: "pi" },
    ]);
  });

  it("is back when it is Ready, and even when it has its pods again", () => {
    const observer = atRest();
    observer.inject(1, "pi");
    observer.node(7, "MODIFIED pi Unknown");
    observer.pod(7, "MODIFIED a pi False ");
    observer.pod(7, "MODIFIED b pi False ");
    observer.pod(8, "ADDED e worker True ");
    observer.pod(8, "ADDED f worker True ");
    observer.recover(20, "pi");
    observer.node(25, "MODIFIED pi True");
    observer.pod(26, "DELETED a pi False ");
    observer.pod(26, "DELETED e worker True ");
    observer.pod(30, "ADDED g pi True ");
    observer.pod(31, "MODIFIED b pi True ");
    expect(observer.marks.slice(3)).toEqual([
      { at: 20, what: "recover", subject: "pi" },
      { at: 25, what: "node-ready", subject: "pi" },
      { at: 31, what: "even-again", subject: "pi" },
    ]);
  });
});

describe("a pod that dies", () => {
  it("is replaced when as many pods as before are Ready again", () => {
    const observer = atRest();
    observer.inject(1, "website");
    observer.pod(1.5, "DELETED a pi True ");
    observer.pod(2, "ADDED e pi  ");
    observer.pod(4, "MODIFIED e pi True ");
    expect(observer.marks.slice(1)).toEqual([
      { at: 4, what: "replacement-ready", subject: "website" },
    ]);
  });
});
