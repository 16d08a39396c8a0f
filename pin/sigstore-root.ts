/**
 * Whom Sigstore's signatures are checked against: `trusted_root.json` of the public instance's TUF
 * repository (tuf-repo-cdn.sigstore.dev), word for word as the npm package `@sigstore/tuf` 4.0.2 holds it.
 *
 * It is a file of this repository. `@sigstore/tuf` would download the newest one, and the copy within it
 * changes with an update of a package; here, a change of whom is trusted is a commit that somebody reviews.
 * A new one is needed when Sigstore adds a log or an authority, and by 5 October 2031, when its authority's
 * certificates end. Until then a signature by a new one is refused, never accepted.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { TrustedRoot } from "@sigstore/protobuf-specs";

const FILE = join(import.meta.dirname, "trusted_root.json");

/** Sigstore's public instance: its authorities, and its logs of signatures and of certificates. */
export function publicSigstore(): TrustedRoot {
  return TrustedRoot.fromJSON(JSON.parse(readFileSync(FILE, "utf8")));
}
