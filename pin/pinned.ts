/** Images that the apps pin themselves: they are compared, and changed by hand where they are. */
import { DASHBOARD_IMAGES, SCRAPER_IMAGE } from "../apps/dashboard/images.ts";
import { BASES, images as registry } from "../apps/registry/images.ts";

/** An image of an app, by the file that pins it. */
export interface PinnedImage {
  readonly label: string;
  readonly image: string;
}

/** Every image that is pinned in the tree, each once. */
export const PINNED: readonly PinnedImage[] = [
  ...[...Object.values(DASHBOARD_IMAGES), SCRAPER_IMAGE].map((image) => ({
    label: "apps/dashboard/images.ts",
    image,
  })),
  ...[registry.image.pinned, ...new Set(Object.values(BASES))].map((image) => ({
    label: "apps/registry/images.ts",
    image,
  })),
];
