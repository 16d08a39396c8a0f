/**
 * The descheduler's image. The official one is `registry.k8s.io/descheduler/descheduler`; the lab's holds
 * the program of its Go module, which is all that the official one holds.
 */
import { join } from "node:path";

import { files, type AppImage } from "../images.ts";

const FOLDER = join(import.meta.dirname, "image");

export const images = {
  image: {
    name: "descheduler",
    context: [
      ...files(FOLDER, "Dockerfile"),
      { program: { module: FOLDER, name: "descheduler" }, to: "descheduler" },
    ],
  },
} as const satisfies Readonly<Record<string, AppImage>>;
