/**
 * Importing this keeps the stacks of Pulumi's promises as V8 holds them. Pulumi notes one for every promise
 * of every resource, for its message about leaked ones, which no test reads; mapping each to the sources
 * took a tenth of the unit tests' processor time. Every other error is mapped as Vitest does it.
 */
const NOTES = /[\\/]@pulumi[\\/]pulumi[\\/]runtime[\\/]debuggable\.js$/;

const mapped = Error.prepareStackTrace.bind(Error);
Error.prepareStackTrace = (error, sites): unknown =>
  NOTES.test(sites[0]?.getFileName() ?? "")
    ? [String(error), ...sites.map((site) => `    at ${site.getFileName() ?? ""}`)].join("\n")
    : mapped(error, sites);
