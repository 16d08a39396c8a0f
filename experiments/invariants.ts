/** What must hold at the end of every cell with a fault. Pure. */
import { isFailed } from "./measures.ts";
import type { Invariant, Seconds } from "./model.ts";

/** Seconds before the end of the load in which every visit must be answered. */
const LAST: Seconds = 5;

/** Every node is Ready, and the website's pods are Ready and spread evenly, within ten minutes after the load. */
export const atRest: Invariant = {
  name: "the stack comes to rest",
  broken: ({ unrest }) => (unrest === undefined ? [] : [unrest]),
};

/** Every visit gets the page. */
export const noneFails: Invariant = {
  name: "no visit fails",
  broken: ({ visits }) => {
    const gets = visits.filter(({ method }) => method === "GET");
    const failed = gets.filter(isFailed).length;
    return failed === 0 ? [] : [`${failed} of ${gets.length} visits failed`];
  },
};

/** The site answers when all faults are undone. */
export const answersAtEnd: Invariant = {
  name: "the site answers at the end",
  broken: ({ visits }) => {
    const gets = visits.filter(({ method }) => method === "GET");
    const end = gets.reduce((latest, { at }) => Math.max(latest, at), 0);
    const last = gets.filter(({ at }) => at > end - LAST);
    const failed = last.filter(isFailed).length;
    if (last.length === 0) {
      return ["there were no visits"];
    }
    return failed === 0
      ? []
      : [`${failed} of ${last.length} visits of the last ${LAST} s had no answer`];
  },
};

/** An `up` that meets a fault fails with a message for a person, not with a trace of the program. */
export const failsInWords: Invariant = {
  name: "errors are told in words",
  broken: ({ notes = [] }) =>
    notes.flatMap(({ text }) => (/^\s+at .+:\d+:\d+\)?$/m.test(text) ? [text] : [])),
};
