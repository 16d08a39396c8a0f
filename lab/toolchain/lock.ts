/** The lock file of the lab's toolchain: what is taken from outside, and the sums it must have. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { parseRef, type ImageRef } from "./image-registry.ts";

/** Processor architectures, as container images name them. */
export type Arch = "amd64" | "arm64";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
const release = z.strictObject({ url: z.url(), sha256: sha256.optional() });
const wheelFile = z.strictObject({ platform: z.string(), sha256 });

/** An official image by registry, repository and tag; with a digest once it is pinned. */
const image = z.string().transform((text, context): ImageRef => {
  const ref = parseRef(text);
  if (ref?.tag === undefined) {
    const message =
      "must name an image like docker.io/library/postgres:17, to which make pin adds the digest";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }
  return ref;
});

const schema = z.strictObject({
  images: z.record(z.string(), image).default({}),
  parts: z.record(
    z.string(),
    z.strictObject({
      version: z.string(),
      official: z
        .strictObject({
          checksums: z.url().optional(),
          signed: z.strictObject({ identity: z.string(), issuer: z.url() }).optional(),
          amd64: release,
          arm64: release.optional(),
          executable: z.string().optional(),
        })
        .optional(),
      registry: z.union([
        z.strictObject({
          wheel: z.string().regex(/^[\w-]+==[\w.]+$/, "must be pinned: name==version"),
          executable: z.string(),
          amd64: wheelFile,
          arm64: wheelFile,
        }),
        z.strictObject({ go: z.string() }),
        z.strictObject({ "stand-in": z.string() }),
      ]),
    }),
  ),
});

/** One part of the toolchain as the lock file describes it. */
export type Part = z.infer<typeof schema>["parts"][string];

/** A wheel that holds an official binary. */
export type Wheel = Extract<Part["registry"], { wheel: string }>;

/** The lock file. */
export type ToolchainLock = z.infer<typeof schema>;

/**
 * Reads the lock file.
 *
 * @throws Error naming every field that is wrong
 */
export function readToolchainLock(path = join(import.meta.dirname, "lock.yaml")): ToolchainLock {
  const result = schema.safeParse(parse(readFileSync(path, "utf8")));
  if (!result.success) {
    throw new Error(
      `${path} is not a lock file of the toolchain:\n${z.prettifyError(result.error)}`,
    );
  }
  return result.data;
}

/** A part of the lock file; its absence is a mistake in this project, not of the user. */
export function part(lock: ToolchainLock, name: string): Part {
  const found = lock.parts[name];
  if (found === undefined) {
    throw new Error(`lab/toolchain/lock.yaml has no part ${name}`);
  }
  return found;
}

/** Name of the official file as its maker publishes it, which is how ARTIFACTS must name it. */
export function officialFile(url: string): string {
  return decodeURIComponent(basename(new URL(url).pathname));
}

/** This computer's architecture. */
export function hostArch(): Arch {
  if (process.arch === "x64") {
    return "amd64";
  }
  if (process.arch === "arm64") {
    return "arm64";
  }
  throw new Error(`the lab runs on amd64 and arm64, not on ${process.arch}`);
}
