/** PostgreSQL's image. The lab's has the contract of the official one, made of Debian's packages. */
import { join } from "node:path";

import { files, type AppImage } from "../images.ts";

export const images = {
  image: {
    name: "postgres",
    official: "docker.io/library/postgres:17",
    context: files(join(import.meta.dirname, "image"), "Dockerfile", "docker-entrypoint.sh"),
    bases: { BASE: "debian" },
  },
} as const satisfies Readonly<Record<string, AppImage>>;
