/**
 * PostgreSQL's image. The official one is `docker.io/library/postgres`; the lab's has its contract, made
 * of Debian's packages.
 */
import { join } from "node:path";

import { files, type AppImage } from "../images.ts";

export const images = {
  image: {
    name: "postgres",
    context: files(join(import.meta.dirname, "image"), "Dockerfile", "docker-entrypoint.sh"),
    bases: { BASE: "debian" },
  },
} as const satisfies Readonly<Record<string, AppImage>>;
