/** Which images a stack uses: others are neither built nor pulled. */
import type { Apps } from "../../apps/app.ts";
import type { AppImage } from "../../apps/images.ts";
import { BUILD } from "../../config/fields.ts";
import { read, type AppSettings } from "../../config/schema.ts";
import { builtImages, wantedOf } from "../../stacks/wanted.ts";
import { mergeFacts } from "../engine/config.ts";

/** An image that a setting of the stack names. */
export interface WantedImage {
  /** Section and key of the setting. */
  readonly section: string;
  readonly key: string;
  readonly image: AppImage;
}

/** An image that a setting names and only its makers have. */
export interface PublishedImage {
  readonly section: string;
  readonly key: string;
  /** By registry, repository and digest. */
  readonly reference: string;
}

/** Stands for an image that is not built yet. */
const ANY = `docker.io/fogline/any@sha256:${"0".repeat(64)}`;

/** What a stack's apps need of images. */
export interface WantedImages {
  /** Images that the lab's registry holds. */
  readonly images: readonly WantedImage[];
  /** Images that it holds where their registries can be reached. */
  readonly published: readonly PublishedImage[];
  /** Images that the program builds by itself, as it does where a setting is `build`. */
  readonly built: readonly AppImage[];
}

/**
 * Images of the apps that the settings ask for, with the lab's own images filled in.
 *
 * @param config values by full key, e.g. `fogline:website`
 */
export function wantedImages(config: Readonly<Record<string, unknown>>, apps: Apps): WantedImages {
  const all = Object.entries(apps).flatMap(([section, { images = {} }]) =>
    Object.entries(images).flatMap(([key, image]) =>
      image === undefined || isBuilt(config, section, key) ? [] : [{ section, key, image }],
    ),
  );
  const facts: Record<string, Record<string, string>> = {};
  for (const { section, key } of all) {
    facts[section] = { ...facts[section], [key]: ANY };
  }
  const raw = Object.entries(mergeFacts(config, facts)).map(
    ([name, value]) => [name.replace(/^fogline:/, ""), value] as const,
  );
  const { readable } = read(Object.fromEntries(raw), apps);
  const wanted = wantedOf(apps, readable as AppSettings);
  return {
    images: all.filter(({ section }) => wanted.some(({ name }) => name === section)),
    published: wanted.flatMap(({ name, app, settings }) =>
      Object.entries(app.published?.(settings) ?? {}).map(([key, reference]) => ({
        section: name,
        key,
        reference,
      })),
    ),
    built: wanted.flatMap((each) =>
      builtImages(each).flatMap((key) => each.app.images?.[key] ?? []),
    ),
  };
}

function isBuilt(config: Readonly<Record<string, unknown>>, section: string, key: string): boolean {
  const own = config[`fogline:${section}`];
  return typeof own === "object" && own !== null && (own as Record<string, unknown>)[key] === BUILD;
}
