import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

const DIGEST = (digit: string): string => `sha256:${digit.repeat(64)}`;
const [IMAGE, CONFIG, LAYER] = [DIGEST("a"), DIGEST("b"), DIGEST("c")];

let cache: string;
let digestOf: (repository: string, tag: string) => string | undefined;
let store: string;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "store-"));
  vi.stubEnv("XDG_CACHE_HOME", cache);
  const module = await import("./store.ts");
  store = join(module.STORE, "docker", "registry", "v2");
  digestOf = module.digestOf;
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(store, path)), { recursive: true });
  await writeFile(join(store, path), text);
}

function blob(digest: string): string {
  const sum = digest.slice("sha256:".length);
  return `blobs/sha256/${sum.slice(0, 2)}/${sum}/data`;
}

describe("digestOf", () => {
  it("knows an image only when its manifest and every part of it are there", async () => {
    const find = (): string | undefined => digestOf("fogline/website", "key");
    expect(find()).toBeUndefined();
    await put("repositories/fogline/website/_manifests/tags/key/current/link", IMAGE);
    expect(find()).toBeUndefined();
    const manifest = { config: { digest: CONFIG }, layers: [{ digest: LAYER }] };
    await put(blob(IMAGE), JSON.stringify(manifest));
    await put(blob(CONFIG), "{}");
    expect(find()).toBeUndefined();
    await put(blob(LAYER), "layer");
    expect(find()).toBe(IMAGE);
  });
});
