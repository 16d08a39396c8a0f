import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { LabError } from "../progress.ts";
import { ownFolder } from "../testing/folder.ts";
import { Internet } from "../testing/internet.ts";
import { digest, publishImages, testImage } from "../testing/registry.ts";
import { ImageRegistries } from "../toolchain/image-registry.ts";
import { Web } from "../toolchain/web.ts";
import { copyImage, lookUp, tagOf, type PinnedRef, type Target } from "./copy.ts";

const AT = { host: "ghcr.io", repository: "owner/tool" };
const image = testImage("tool", "linux/amd64", "docker");
const [config = "", first = "", second = ""] = image.blobs;
const elsewhere = (blob: string): string => `https://cdn.ghcr.io/${digest(blob)}?signature=1`;

/** A store that keeps what it is given in memory. */
class Store implements Target {
  readonly blobs = new Map<string, string>();
  readonly manifests = new Map<string, { readonly text: string; readonly mediaType: string }>();

  has(wanted: string): Promise<boolean> {
    return Promise.resolve(this.blobs.has(wanted));
  }

  async put({ digest: name, file }: Parameters<Target["put"]>[0]): Promise<void> {
    this.blobs.set(name, await readFile(file, "utf8"));
  }

  write(tag: string, manifest: Parameters<Target["write"]>[1]): Promise<void> {
    this.manifests.set(tag, manifest);
    return Promise.resolve();
  }
}

let internet: Internet;
let store: Store;
let folder: string;
let ref: PinnedRef;
let said: string[];

beforeEach(async () => {
  internet = await Internet.start();
  store = new Store();
  folder = ownFolder();
  said = [];
  const pin = publishImages(
    internet,
    AT,
    [image, testImage("tool", "linux/arm64", "docker")],
    "docker",
  );
  ref = { registry: "ghcr.io", repository: AT.repository, tag: "v1", digest: pin };
});

afterEach(async () => {
  await internet[Symbol.asyncDispose]();
});

async function copy(): Promise<void> {
  const registries = new ImageRegistries(new Web(internet.fetch));
  const remote = await lookUp(registries, ref, "amd64");
  const say = (text: string): number => said.push(text);
  await copyImage(registries, remote, store, { tags: ["pin", "v1"], folder, say });
}

const fetched = (blob: string): number =>
  internet.asked.filter(({ url }) => url === elsewhere(blob)).length;

describe("a copy", () => {
  it("has configuration, layers and manifest of this computer's image, and nothing else", async () => {
    await copy();
    expect([...store.blobs.values()]).toEqual([config, first, second]);
    expect([...store.manifests.keys()]).toEqual(["pin", "v1"]);
    expect(store.manifests.get("pin")).toMatchObject({
      text: image.manifest,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
    });
    const foreign = testImage("tool", "linux/arm64", "docker").blobs;
    expect(foreign.map(fetched)).toEqual([0, 0, 0]);
    expect(said.at(-1)).toMatch(/^ghcr\.io\/owner\/tool:v1: 0 MB of 0 MB$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("that was cut off names nothing, and goes on with what is missing", async () => {
    internet.cutOff(elsewhere(second), second.slice(0, 4), second.length);
    const failed = copy();
    await expect(failed).rejects.toThrow(LabError);
    await expect(failed).rejects.toThrow(
      /copying ghcr\.io\/owner\/tool:v1@sha256:[\s\S]*cut off after 4[\s\S]*FOGLINE_OFFLINE=1/,
    );
    expect(store.manifests.size).toBe(0);
    expect(store.blobs.has(digest(second))).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
    internet.file(elsewhere(second), second);
    await copy();
    expect([config, first].map(fetched)).toEqual([1, 1]);
    expect([...store.blobs.values()]).toEqual([config, first, second]);
    expect(store.manifests.size).toBe(2);
  });

  it.each<[string, () => Internet, RegExp]>([
    ["forged", () => internet.file(elsewhere(first), "x".repeat(first.length)), /sends is sha256:/],
    ["too long", () => internet.file(elsewhere(first), `${first}x`), /sends more than/],
    ["refused", () => internet.status(elsewhere(first), 429), /limits requests/],
    ["gone", () => internet.status(elsewhere(first), 404), /no such image/],
  ])("keeps no part that is %s, and none behind it", async (_, spoil, message) => {
    spoil();
    await expect(copy()).rejects.toThrow(message);
    expect([...store.blobs.keys()]).toEqual([digest(config)]);
    expect(store.manifests.size).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });
});

it("an image that is pinned anew, or for another processor, is another one", () => {
  const other = { ...ref, digest: `sha256:${"b".repeat(64)}` };
  expect(tagOf(ref, "amd64")).toBe(`${ref.digest.replace(":", "-")}-amd64`);
  expect(new Set([tagOf(ref, "amd64"), tagOf(ref, "arm64"), tagOf(other, "amd64")]).size).toBe(3);
});
