/** Traefik's image. The official one is `docker.io/library/traefik`; the lab's holds the official binary. */
import { join } from "node:path";

import { files, type AppImage } from "../images.ts";

export const images = {
  image: {
    name: "traefik",
    context: [
      ...files(join(import.meta.dirname, "image"), "Dockerfile"),
      { program: { part: "traefik" }, to: "traefik" },
    ],
  },
} as const satisfies Readonly<Record<string, AppImage>>;
