/** The registry's own image, and the images that built ones stand upon. */
import { join } from "node:path";

import { files, type AppImage, type BaseName } from "../images.ts";

export const images = {
  image: {
    name: "registry",
    official: "docker.io/library/registry:3.0.0",
    /** The official one for every processor architecture. */
    pinned:
      "docker.io/library/registry:3.0.0@sha256:6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e",
    context: files(join(import.meta.dirname, "image"), "Dockerfile"),
    bases: { BASE: "debian" },
  },
} as const satisfies Readonly<Record<string, AppImage & { readonly pinned: string }>>;

const NODE =
  "docker.io/library/node:22-slim@sha256:c3de60bf2f9dd0ac6370e6117950ff62d6e339527e7472301c9c78a017978392";

/** Official images for every processor architecture. That of Node.js has npm and a shell. */
export const BASES: Readonly<Record<BaseName, string>> = {
  debian:
    "docker.io/library/debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f",
  node: NODE,
  "node-build": NODE,
};
