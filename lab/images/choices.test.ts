import { describe, expect, it } from "vitest";

import { APPS } from "../../apps/index.ts";
import { ownFolder } from "../testing/folder.ts";
import { Internet } from "../testing/internet.ts";
import { pinnedLock } from "../testing/registry.ts";
import type { ImageRef } from "../toolchain/image-registry.ts";
import { readToolchainLock, type ToolchainLock } from "../toolchain/lock.ts";
import { chooseImages, type ImageSources } from "./choices.ts";
import { wantedImages } from "./wanted.ts";

const MIRROR = ["http://192.0.2.10:5000"];
const MIRRORS = { "docker.io": MIRROR, "ghcr.io": MIRROR, "registry.k8s.io": MIRROR };
const SETTINGS = {
  "fogline:k3s": { mirrors: MIRRORS },
  "fogline:dashboard": { kind: "none" },
};

/** The choices for a stack's settings; without an internet, offline. */
function choices(
  settings: Readonly<Record<string, unknown>>,
  lock: ToolchainLock,
  internet?: Internet,
): ImageSources {
  const options =
    internet === undefined ? { offline: true } : { offline: false, fetch: internet.fetch };
  const all = { ...SETTINGS, ...settings };
  return chooseImages(wantedImages(all, APPS), all, { options, lock, store: ownFolder() });
}

async function sourcesOf({ images }: ImageSources): Promise<Record<string, string>> {
  const pairs = images.map(async ({ name, choice }) => [name, (await choice).source] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

describe("a lab's images", () => {
  it("are all built where nothing can be reached, with all their programs", async () => {
    const sources = choices({}, readToolchainLock());
    expect(new Set(Object.values(await sourcesOf(sources)))).toEqual(new Set(["built"]));
    const { programs, cluster } = await sources.needs;
    expect(programs).toHaveLength(2);
    expect(cluster).toBe(true);
    expect(sources.images.filter(({ tag }) => tag !== undefined)).toHaveLength(5);
  });

  it("are all official but for ours where they are pinned, and need no programs then", async () => {
    await using internet = await Internet.start();
    const sources = choices({}, pinnedLock(internet), internet);
    const { website, ...others } = await sourcesOf(sources);
    expect(website).toBe("built");
    expect(new Set(Object.values(others))).toEqual(new Set(["official"]));
    expect(await sources.needs).toEqual({ programs: [], cluster: false });
  });

  it("wait for nobody before it is known which programs they need, if that is known", async () => {
    const fetch = (): Promise<Response> => new Promise<Response>(() => undefined);
    const lock = readToolchainLock();
    // PostgreSQL holds no program of the toolchain.
    const images = Object.entries(lock.images).map(([name, ref]): [string, ImageRef] => [
      name,
      { ...ref, digest: name === "postgres" ? `sha256:${"a".repeat(64)}` : undefined },
    ]);
    const sources = chooseImages(wantedImages(SETTINGS, APPS), SETTINGS, {
      options: { offline: false, fetch },
      lock: { ...lock, images: Object.fromEntries(images) },
      store: ownFolder(),
    });
    expect((await sources.needs).cluster).toBe(true);
  });

  it("have a dashboard's where the stack has one, with the digest that the app pins", () => {
    const settings = { "fogline:dashboard": { kind: "kubernetes-dashboard" } };
    const names = (sources: ImageSources): string[] => sources.images.map(({ name }) => name);
    const sources = choices(settings, readToolchainLock());
    expect(names(sources)).toEqual(expect.arrayContaining(["dashboard", "metrics-scraper"]));
    const scraper = sources.images.find(({ name }) => name === "metrics-scraper");
    expect(scraper?.setting).toEqual({ section: "dashboard", key: "scraperImage" });
    expect(scraper?.recipe).toBeUndefined();
    const none = choices({}, readToolchainLock());
    expect(names(none)).not.toContain("dashboard");
  });
});
