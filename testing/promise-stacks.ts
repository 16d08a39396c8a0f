/**
 * Importing this keeps Pulumi's SDK from noting a stack for every promise of every resource, and a second
 * one for where every resource is declared. They serve its message about leaked promises and the service's
 * links to sources, which no test reads; capturing and mapping them took a tenth of the unit tests'
 * processor time. All other errors keep theirs.
 */
import { createRequire } from "node:module";

import { Resource } from "@pulumi/pulumi";

/** Says that this thread's SDK notes none: Vitest imports this file for each test file anew. */
const DONE = Symbol.for("fogline.promise-stacks");

interface Debuggable {
  debuggablePromise: (promise: Promise<unknown>, context: unknown) => Promise<unknown>;
  [DONE]?: true;
}

const debuggable = createRequire(import.meta.url)(
  "@pulumi/pulumi/runtime/debuggable.js",
) as Debuggable;

if (debuggable[DONE] === undefined) {
  debuggable[DONE] = true;
  const noted = debuggable.debuggablePromise;
  debuggable.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return noted(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
  Object.assign(Resource, { callsites: () => [] });
}
