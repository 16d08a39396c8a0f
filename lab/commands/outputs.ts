/** What the last successful `up` left for people and other commands. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { RUN } from "../layout.ts";
import { LabError } from "../progress.ts";

/** The program's outputs that the lab uses; none is secret. */
export interface Outputs {
  readonly websiteUrl?: string;
  /** The website on each machine that serves it; in the lab each by its public address. */
  readonly websiteUrls?: readonly string[];
  readonly [name: string]: unknown;
}

/** Path of the cluster's kubeconfig. */
export const KUBECONFIG = join(RUN, "kubeconfig");

/**
 * Reads the outputs.
 *
 * @throws LabError when the lab is not up
 */
export function readOutputs(): Outputs {
  const path = join(RUN, "outputs.json");
  if (!existsSync(path)) {
    throw new LabError("lab", "reading its outputs", "the lab is not up", "make up");
  }
  return JSON.parse(readFileSync(path, "utf8")) as Outputs;
}

/** Addresses of the website inside the lab. */
export function websiteUrls({ websiteUrls: urls, websiteUrl: url }: Outputs): readonly string[] {
  return urls ?? (url === undefined ? [] : [url]);
}
