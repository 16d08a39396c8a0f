/** The website's image, from the sources of its service. */
import { join } from "node:path";

import { files, type AppImage } from "../images.ts";

const SERVICE = join(import.meta.dirname, "service");

export const images = {
  image: {
    name: "website",
    context: [
      ...files(SERVICE, "Dockerfile", "package.json", "package-lock.json", "tsconfig.json"),
      { folder: join(SERVICE, "src"), to: "src", except: /\.test\.ts$|(^|\/)testing\// },
    ],
    bases: { BASE: "node", BUILD_BASE: "node-build" },
  },
} as const satisfies Readonly<Record<string, AppImage>>;
