/** All official images of a lab, from registries of the test's into a store of its own by Debian's server. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { APPS } from "../../apps/index.ts";
import { Repository } from "../../apps/registry/build/client.ts";
import type { Progress } from "../progress.ts";
import { Internet } from "../testing/internet.ts";
import { digest, pinnedLock, testImage } from "../testing/registry.ts";
import { hostArch, type ToolchainLock } from "../toolchain/lock.ts";
import type { Images } from "./images.ts";
import type { WantedImages } from "./wanted.ts";

const MIRROR = ["http://192.0.2.10:5000"];
const SETTINGS = {
  "fogline:k3s": {
    mirrors: { "docker.io": MIRROR, "ghcr.io": MIRROR, "registry.k8s.io": MIRROR },
  },
};

let cache: string;
let internet: Internet;
let lock: ToolchainLock;
let phases: string[] = [];
/** Brings the images of a stack, as `make up` does. */
let ensure: (wanted: WantedImages, offline: boolean) => Promise<Images>;
let wanted: WantedImages;
let digestOf: (repository: string, tag: string) => string | undefined;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "fogline-images-"));
  vi.stubEnv("XDG_CACHE_HOME", cache);
  internet = await Internet.start();
  lock = pinnedLock(internet);
  // They find the store when they are loaded.
  const [{ chooseImages }, { ensureImages }, { wantedImages }, store] = await Promise.all([
    import("./choices.ts"),
    import("./images.ts"),
    import("./wanted.ts"),
    import("./store.ts"),
  ]);
  ({ digestOf } = store);
  expect(store.STORE).toContain(cache);
  const all = wantedImages({ "fogline:dashboard": { kind: "none" } }, APPS);
  // What is ours is built, of packages.
  wanted = { ...all, images: all.images.filter(({ section }) => section !== "website") };
  const phase: Progress["phase"] = (name, work) => {
    phases.push(name);
    return work(() => undefined);
  };
  ensure = (these, offline) => {
    phases = [];
    const options = { offline, fetch: internet.fetch };
    const sources = chooseImages(these, SETTINGS, { options, lock });
    const made = { cluster: undefined, programs: {} };
    return ensureImages(sources, made, phase, () => undefined);
  };
});

afterAll(async () => {
  await internet[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

const own = (name: string): string =>
  digest(testImage(name, `linux/${hostArch()}`, "oci").manifest);

describe("official images", () => {
  it("are copied once, named by their own names, and official from then on without a network", async () => {
    const expected = {
      database: { image: `docker.io/library/postgres:17@${own("postgres")}` },
      ingress: { image: `docker.io/library/traefik:v3.7@${own("traefik")}` },
      descheduler: {
        image: `registry.k8s.io/descheduler/descheduler:v0.36.0@${own("descheduler")}`,
      },
    };
    const first = await ensure(wanted, false);
    expect(first.refs).toEqual(expected);
    expect(phases).toEqual(Object.keys(lock.images).map((name) => `image ${name}`));
    expect(new Set(first.report.map(({ source }) => source))).toEqual(new Set(["official"]));
    expect(first.report).toContainEqual({
      image: "pause",
      source: "official",
      version: "3.6",
      reference: `docker.io/rancher/mirrored-pause:3.6@${own("pause")}`,
      pinned: lock.images["pause"]?.digest,
    });
    // K3s asks by tag.
    expect(digestOf("rancher/mirrored-pause", "3.6")).toBe(own("pause"));
    const asked = internet.asked.length;
    expect(await ensure(wanted, true)).toEqual(first);
    expect(await ensure(wanted, false)).toEqual(first);
    expect([phases, internet.asked.length]).toEqual([[], asked]);
  });

  it("that K3s asks for get their tag back from an image that was built", async () => {
    const { withWritableRegistry } = await import("./registry.ts");
    const repository = "rancher/mirrored-pause";
    const built = testImage("pause", "linux/riscv64", "oci");
    await withWritableRegistry(cache, async (address) => {
      const target = new Repository(`http://${address}`, repository);
      for (const [n, blob] of built.blobs.entries()) {
        const file = join(cache, `blob-${n}`);
        await writeFile(file, blob);
        await target.put({ file, size: blob.length, digest: digest(blob), mediaType: "" });
      }
      const { manifest: text, mediaType } = built;
      await target.write("3.6", { text, mediaType, digest: digest(text), size: text.length });
    });
    expect(digestOf(repository, "3.6")).toBe(digest(built.manifest));
    await ensure(wanted, true);
    expect(phases).toEqual(["image pause"]);
    expect(digestOf(repository, "3.6")).toBe(own("pause"));
  });

  it("end the command, before anything is built, where a dashboard's cannot be had", async () => {
    const reference = `ghcr.io/headlamp-k8s/headlamp:v0.45.0@sha256:${"a".repeat(64)}`;
    const published = [{ section: "dashboard", key: "image", reference }];
    internet.status("https://ghcr.io/v2/", 401);
    await expect(ensure({ ...wanted, published }, false)).rejects.toThrow(
      /fetching headlamp failed[\s\S]*fogline:dashboard\.image needs it[\s\S]*ghcr\.io answers 404/,
    );
    expect(phases).toEqual([]);
  });
});
