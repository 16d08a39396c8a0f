import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it, vi } from "vitest";

let cache: string;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "sources-"));
  vi.stubEnv("XDG_CACHE_HOME", cache);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

it("a large file's sum is remembered until the file is another one", async () => {
  const { file } = await import("./sources.ts");
  const path = join(cache, "large");
  const identity = (): Promise<string> => file(path, "large").identity();
  await writeFile(path, Buffer.alloc(2_000_000, 1));
  const first = await identity();
  expect(await identity()).toBe(first);
  const sums = await readdir(join(cache, "fogline", "images", "sums"));
  expect(sums.map((name) => name.length)).toEqual([64]);
  await writeFile(path, Buffer.alloc(2_000_000, 2));
  expect(await identity()).not.toBe(first);
});
