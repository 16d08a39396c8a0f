/** The `pulumi.com/…` annotations that apps use: how the official provider lets one object differ. */
import type { JsonObject } from "@fogline/pulumi-kit/json";

import { objectAt } from "./values.ts";

const PREFIX = "pulumi.com/";
const KNOWN = [`${PREFIX}patchForce`, `${PREFIX}skipAwait`];

const annotations = (object: JsonObject): JsonObject => objectAt(object, "metadata", "annotations");

/** Whether fields that other managers own are taken over. */
export const forcesPatch = (object: JsonObject): boolean =>
  annotations(object)[`${PREFIX}patchForce`] === "true";

/** Whether neither readiness nor the end of a deletion is waited for. */
export const skipsAwait = (object: JsonObject): boolean =>
  annotations(object)[`${PREFIX}skipAwait`] === "true";

/** What is wrong with the object's annotations, each as a reason; empty when nothing is. */
export const annotationProblems = (object: JsonObject): string[] =>
  Object.keys(annotations(object))
    .filter((name) => name.startsWith(PREFIX) && !KNOWN.includes(name))
    .map(
      (name) =>
        `annotation ${name} is not supported by the kubernetes stand-in (supported: ${KNOWN.join(", ")})`,
    );
