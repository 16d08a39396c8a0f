/** Traefik's image. The lab's holds the official binary. */
import { join } from "node:path";

import { files, type AppImage } from "../images.ts";

export const images = {
  image: {
    name: "traefik",
    official: "docker.io/library/traefik:v3.7",
    context: [
      ...files(join(import.meta.dirname, "image"), "Dockerfile"),
      { program: { part: "traefik" }, to: "traefik" },
    ],
  },
} as const satisfies Readonly<Record<string, AppImage>>;
