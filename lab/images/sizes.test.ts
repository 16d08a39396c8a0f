import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, expect, it, vi } from "vitest";

const DIGEST = (digit: string): string => `sha256:${digit.repeat(64)}`;
const part = (digit: string, size: number): object => ({ digest: DIGEST(digit), size });

let cache: string;
let sizeInStore: (digest: string, arch: "amd64" | "arm64") => number | undefined;
let fileOf: (digest: string) => string;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "sizes-"));
  vi.stubEnv("XDG_CACHE_HOME", cache);
  fileOf = (await import("./store.ts")).blobFile;
  sizeInStore = (await import("./sizes.ts")).sizeInStore;
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

async function put(digest: string, content: object): Promise<void> {
  await mkdir(dirname(fileOf(digest)), { recursive: true });
  await writeFile(fileOf(digest), JSON.stringify(content));
}

it("adds up layers and configuration, of an index for the processor that is asked for", async () => {
  await put(DIGEST("a"), { config: part("1", 5), layers: [part("2", 100), part("3", 20)] });
  await put(DIGEST("b"), {
    manifests: [
      { ...part("c", 7), platform: { architecture: "arm64" } },
      { ...part("a", 7), platform: { architecture: "amd64" } },
    ],
  });
  expect(sizeInStore(DIGEST("a"), "amd64")).toBe(125);
  expect(sizeInStore(DIGEST("b"), "amd64")).toBe(125);
  expect(sizeInStore(DIGEST("b"), "arm64")).toBeUndefined();
  expect(sizeInStore(DIGEST("d"), "amd64")).toBeUndefined();
});
