/** Which images a stack uses: others are neither built nor pulled. */
import type { Apps } from "../../apps/app.ts";
import { read } from "../../config/schema.ts";
import { mergeFacts } from "../engine/config.ts";
import type { WantedImage } from "./images.ts";

/** Stands for an image that is not built yet. */
const ANY = `docker.io/fogline/any@sha256:${"0".repeat(64)}`;

/**
 * Images of the apps that the settings ask for, with the lab's own images filled in.
 *
 * @param config values by full key, e.g. `fogline:website`
 */
export function wantedImages(config: Readonly<Record<string, unknown>>, apps: Apps): WantedImage[] {
  const all = Object.entries(apps).flatMap(([section, { images = {} }]) =>
    Object.entries(images).flatMap(([key, image]) =>
      image === undefined ? [] : [{ section, key, image }],
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
  return all.filter(({ section }) => {
    const own = readable[section] as Readonly<Record<string, unknown>>;
    return apps[section]?.enabled?.(own) ?? true;
  });
}
