/** Official bases, from a registry in Docker Hub's place into a storage of buildah's. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

import type { Fetch } from "../toolchain/web.ts";
import { hostArch } from "../toolchain/lock.ts";

const MIRRORS = { "docker.io": ["http://192.0.2.10:5000"] };

let cache: string;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "fogline-bases-"));
  vi.stubEnv("XDG_CACHE_HOME", cache);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

function storage(name: string): string[] {
  const folders = [`--root=${join(cache, name)}`, `--runroot=${join(cache, `${name}-run`)}`];
  return [...folders, "--storage-driver=vfs"];
}

async function buildah(name: string, ...args: string[]): Promise<string> {
  return (await execa("buildah", [...storage(name), ...args])).stdout.trim();
}

it("an official base is copied once, and images can be built upon it by its digest", async () => {
  // They find the store when they are loaded.
  const { ensureBases } = await import("./bases.ts");
  const { Builder } = await import("./builder.ts");
  const { Official } = await import("./official.ts");
  const { withWritableRegistry } = await import("./registry.ts");
  const { digestOf } = await import("./store.ts");
  const container = await buildah("maker", "from", "scratch");
  await buildah("maker", "copy", container, import.meta.filename, "/file");
  await buildah("maker", "commit", "--rm", container, "localhost/node:22");
  const hub = join(cache, "hub");
  const asked: string[] = [];
  await withWritableRegistry(
    cache,
    async (address) => {
      const to = `docker://${address}/library/node:22-slim`;
      await buildah("maker", "push", "--tls-verify=false", "localhost/node:22", to);
      const digest = digestOf("library/node", "22-slim", hub) ?? "";
      const node = `docker.io/library/node:22-slim@${digest}`;
      const fetch: Fetch = (url, init) => {
        asked.push(url);
        return globalThis.fetch(
          url.replace("https://registry-1.docker.io", `http://${address}`),
          init,
        );
      };
      const builder = new Builder(cache, storage("user"));
      const bring = (offline: boolean): ReturnType<typeof ensureBases> => {
        const options = { offline, fetch };
        const official = new Official({ arch: hostArch(), options, mirrors: MIRRORS });
        const references = { debian: node, node, "node-build": node };
        return ensureBases(
          ["node", "node-build"],
          { builder, work: cache, official },
          () => undefined,
          references,
        );
      };
      const bases = await bring(false);
      expect(bases.map(({ line }) => line)).toEqual(
        ["node", "node-build"].map((name) => ({
          image: `base ${name}`,
          source: "official",
          version: "22-slim",
          reference: `localhost/fogline/official-${name}@${digest}`,
          pinned: digest,
        })),
      );
      // The configuration is asked for twice: by whom it is for, and as a part.
      expect(asked.filter((url) => url.includes("/blobs/"))).toHaveLength(3);
      for (const { line } of bases) {
        await buildah("user", "from", "--pull-never", line.reference);
      }
      const before = asked.length;
      expect(await bring(true)).toEqual(bases);
      expect(asked).toHaveLength(before);
    },
    hub,
  );
});
