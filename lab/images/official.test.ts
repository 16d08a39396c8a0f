import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Apps } from "../../apps/app.ts";
import { APPS } from "../../apps/index.ts";
import { ownFolder } from "../testing/folder.ts";
import { Internet } from "../testing/internet.ts";
import { digest, publishImages, testImage } from "../testing/registry.ts";
import { withDigest, type ImageRef } from "../toolchain/image-registry.ts";
import { readToolchainLock, type Arch } from "../toolchain/lock.ts";
import { tagOf } from "./copy.ts";
import { Official, officialOf, type Choice, type Circumstances } from "./official.ts";
import { CLUSTER } from "./recipes.ts";

const MIRROR = ["http://192.0.2.10:5000"];
const ANY = `sha256:${"a".repeat(64)}`;
const AT = { host: "registry-1.docker.io", repository: "library/tool" };
const amd64 = testImage("tool", "linux/amd64", "oci");
const arm64 = testImage("tool", "linux/arm64/v8", "oci");

let internet: Internet;
let store: string;

beforeEach(async () => {
  internet = await Internet.start();
  store = ownFolder();
  internet.status("https://registry-1.docker.io/v2/", 401);
});

afterEach(async () => {
  await internet[Symbol.asyncDispose]();
});

function official(changes: Partial<Circumstances> = {}): Official {
  const options = { offline: false, fetch: internet.fetch };
  const mirrors = { "docker.io": MIRROR };
  return new Official({ arch: "amd64", options, mirrors, store, ...changes });
}

function tool(pin: string | undefined): ImageRef {
  return { registry: "docker.io", repository: "library/tool", tag: "1", digest: pin };
}

async function reason(choice: Promise<Choice>): Promise<string | undefined> {
  const made = await choice;
  return made.source === "built" ? made.reason : undefined;
}

const asked = (): string[] => internet.asked.map(({ url }) => url);

describe("an image", () => {
  it.each<[Arch, string]>([
    ["amd64", digest(amd64.manifest)],
    ["arm64", digest(arm64.manifest)],
  ])(
    "is the official one where its registry shows it, for this computer: %s",
    async (arch, own) => {
      const pin = publishImages(internet, AT, [arm64, amd64]);
      const choice = await official({ arch }).choose(tool(pin));
      expect(choice).toMatchObject({ source: "official", digest: own });
      expect(choice).toMatchObject({ remote: { parts: { length: 3 } } });
    },
  );

  it("is one that runs on every processor of the architecture", async () => {
    const newer = testImage("tool", "linux/amd64/v3", "oci");
    const oldest = testImage("tool", "linux/amd64/v1", "oci");
    const pin = publishImages(internet, AT, [newer, oldest]);
    expect(await official().choose(tool(pin))).toMatchObject({ digest: digest(oldest.manifest) });
    const only = publishImages(internet, AT, [newer]);
    expect(await reason(official().choose(tool(only)))).toMatch(
      /there for amd64\/v3, and not for amd64/,
    );
  });

  it("may be pinned by the manifest of one architecture, which is then the right one", async () => {
    publishImages(internet, AT, [amd64, arm64]);
    const own = digest(amd64.manifest);
    expect(await official().choose(tool(own))).toMatchObject({ source: "official", digest: own });
    expect(await reason(official().choose(tool(digest(arm64.manifest))))).toMatch(
      /there for arm64, and not for amd64/,
    );
  });

  it("that is in the store is not asked for, without a network either", async () => {
    const ref = { ...tool(ANY), digest: ANY };
    const parts = amd64.blobs.map((blob) => digest(blob));
    const repository = join(store, "docker/registry/v2/repositories/library/tool/_manifests/tags");
    const put = async (path: string, text: string): Promise<void> => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    };
    await put(join(repository, tagOf(ref, "amd64"), "current/link"), digest(amd64.manifest));
    for (const each of [digest(amd64.manifest), ...parts]) {
      const sum = each.slice("sha256:".length);
      const path = join(store, "docker/registry/v2/blobs/sha256", sum.slice(0, 2), sum, "data");
      await put(path, amd64.manifest);
    }
    const options = { offline: true, fetch: internet.fetch };
    expect(await official({ options }).choose(ref)).toEqual({
      source: "official",
      ref,
      digest: digest(amd64.manifest),
    });
    expect(asked()).toEqual([]);
  });
});

describe("an image is built, and nobody asked for it,", () => {
  it.each<[string, ImageRef | undefined, Partial<Circumstances>, string]>([
    ["when it is ours", undefined, {}, "it has no official one"],
    [
      "when no digest is pinned",
      tool(undefined),
      {},
      "no digest of the official one is pinned (make pin writes it)",
    ],
    [
      "when FOGLINE_OFFLINE is set",
      tool(ANY),
      { options: { offline: true } },
      "FOGLINE_OFFLINE is set",
    ],
    [
      "when machines would not find it",
      tool(ANY),
      { mirrors: { "docker.io": ["http://192.0.2.11:5000"] } },
      "k3s.mirrors does not lead from docker.io to the lab's registry",
    ],
  ])("%s", async (_, ref, changes, told) => {
    const chooser = official({
      ...changes,
      options: { offline: false, fetch: internet.fetch, ...changes.options },
    });
    expect(await reason(chooser.choose(ref))).toBe(told);
    expect(asked()).toEqual([]);
  });
});

describe("an image is built when its registry", () => {
  it("cannot be reached, which is asked once for all images", async () => {
    let tries = 0;
    const fetch = (): Promise<Response> => {
      tries += 1;
      return Promise.reject(new TypeError("fetch failed"));
    };
    const chooser = official({ options: { offline: false, fetch } });
    const reasons = await Promise.all([1, 2, 3].map(() => reason(chooser.choose(tool(ANY)))));
    expect(new Set(reasons)).toEqual(new Set(["registry-1.docker.io cannot be reached"]));
    expect(tries).toBe(1);
  });

  it.each<[number, RegExp]>([
    [401, /^registry-1\.docker\.io answers 401: .*without an account$/],
    [403, /answers 403: .*without an account/],
    [404, /answers 404: the registry has no such image or tag/],
    [429, /answers 429: the registry limits requests/],
    [503, /answers 503/],
  ])("answers %i", async (status, told) => {
    internet.status(`https://registry-1.docker.io/v2/library/tool/manifests/${ANY}`, status);
    expect(await reason(official().choose(tool(ANY)))).toMatch(told);
  });

  it("breaks off, or sends what is no image", async () => {
    const url = `https://registry-1.docker.io/v2/library/tool/manifests/${ANY}`;
    internet.cutOff(url, "{", 100);
    expect(await reason(official().choose(tool(ANY)))).toMatch(/does not show it: .*cut off/);
    const old = '{"schemaVersion":1}';
    internet.file(`https://registry-1.docker.io/v2/library/tool/manifests/${digest(old)}`, old);
    expect(await reason(official().choose(tool(digest(old))))).toMatch(/neither an image nor/);
  });
});

it("what is forged is told, and neither used nor passed over", async () => {
  const url = `https://registry-1.docker.io/v2/library/tool/manifests/${ANY}`;
  internet.file(url, amd64.manifest);
  await expect(official().choose(tool(ANY))).rejects.toThrow(
    new RegExp(`copying docker.io/library/tool:1@${ANY}[\\s\\S]*what the registry sends is`),
  );
});

describe("the lock", () => {
  const lock = readToolchainLock();
  const ofApps = Object.values(APPS as Apps)
    .flatMap(({ images = {} }) => Object.values(images))
    .flatMap((image) => image ?? []);

  it("names every official image that its app does not pin itself, and those that K3s asks for", () => {
    const apps = ofApps.flatMap(({ name, official: ref, pinned }) =>
      ref === undefined || pinned !== undefined ? [] : [[name, ref]],
    );
    const cluster = Object.entries(CLUSTER).map(([name, { repository, tag }]) => [
      name,
      `docker.io/${repository}:${tag}`,
    ]);
    const locked = Object.entries(lock.images).map(([name, ref]) => [
      name,
      withDigest(ref, undefined),
    ]);
    expect(Object.fromEntries(locked)).toEqual(Object.fromEntries([...apps, ...cluster]));
  });

  it("leads from an app's image to its pin, or to the app's own", () => {
    const [postgres, registry, website] = ["postgres", "registry", "website"].map((wanted) =>
      ofApps.find(({ name }) => name === wanted),
    );
    if (postgres === undefined || registry === undefined || website === undefined) {
      expect.unreachable("an app is missing");
    }
    expect(officialOf(postgres, lock)).toEqual(lock.images["postgres"]);
    expect(officialOf(registry, lock)?.digest).toMatch(/^sha256:6c5666b8/);
    expect(officialOf(website, lock)).toBeUndefined();
    const other = { ...postgres, official: "docker.io/library/postgres:18" };
    expect(officialOf(other, lock)).toMatchObject({ tag: "18", digest: undefined });
  });
});
