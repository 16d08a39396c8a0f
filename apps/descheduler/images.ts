/** The descheduler's image. The lab's holds the program of its Go module, as the official one does. */
import { join } from "node:path";

import { files, type AppImage } from "../images.ts";

const FOLDER = join(import.meta.dirname, "image");

export const images = {
  image: {
    name: "descheduler",
    official: "registry.k8s.io/descheduler/descheduler:v0.36.0",
    context: [
      ...files(FOLDER, "Dockerfile"),
      { program: { module: FOLDER, name: "descheduler" }, to: "descheduler" },
    ],
  },
} as const satisfies Readonly<Record<string, AppImage>>;
