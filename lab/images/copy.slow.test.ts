/**
 * Official images from a registry into the lab's store: on both sides the distribution project's server, as
 * Debian has it. The first plays Docker Hub; only where requests go is changed.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { digest, testImage, testIndex, type TestImage } from "../testing/registry.ts";
import { ImageRegistries } from "../toolchain/image-registry.ts";
import { hostArch } from "../toolchain/lock.ts";
import { Web, type Fetch } from "../toolchain/web.ts";
import { copyImage, lookUp, repositoryAt, tagOf, type PinnedRef } from "./copy.ts";
import { withWritableRegistry } from "./registry.ts";
import { digestOf } from "./store.ts";

const REPOSITORY = "library/tool";

let folder: string;
let store: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fogline-copy-"));
  store = join(folder, "store");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Puts images and their index into a registry, by the requests that every client sends. */
async function push(
  address: string,
  images: readonly TestImage[],
  kind: "oci" | "docker",
): Promise<string> {
  const base = `http://${address}/v2/${REPOSITORY}`;
  const put = async (url: string, body: string, type: string): Promise<void> => {
    const { status } = await fetch(url, { method: "PUT", body, headers: { "Content-Type": type } });
    expect(status, url).toBe(201);
  };
  for (const { blobs, manifest, mediaType } of images) {
    for (const blob of blobs) {
      const upload = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
      const url = new URL(upload.headers.get("location") ?? "");
      url.searchParams.set("digest", digest(blob));
      await put(url.href, blob, "application/octet-stream");
    }
    await put(`${base}/manifests/${digest(manifest)}`, manifest, mediaType);
  }
  const { body, mediaType } = testIndex(images, kind);
  await put(`${base}/manifests/${digest(body)}`, body, mediaType);
  return digest(body);
}

/** What was asked of the first registry, by path. */
const requests: string[] = [];

/** Runs `use` with a registry in Docker Hub's place and one that writes to the lab's store. */
function between(
  use: (source: string, target: string, registries: ImageRegistries) => Promise<void>,
): Promise<void> {
  requests.length = 0;
  return withWritableRegistry(
    folder,
    (source) =>
      withWritableRegistry(
        folder,
        (target) => {
          const there: Fetch = (url, init) => {
            requests.push(url.replace("https://registry-1.docker.io", ""));
            return fetch(url.replace("https://registry-1.docker.io", `http://${source}`), init);
          };
          return use(source, target, new ImageRegistries(new Web(there)));
        },
        store,
      ),
    join(folder, "source"),
  );
}

describe.each(["oci", "docker"] as const)("an image in manifests of %s", (kind) => {
  const images = ["linux/amd64", "linux/arm64"].map((each) => testImage(kind, each, kind));
  const [mine] = images;
  it("is copied for one processor, and machines get it by its digest", async () => {
    await between(async (source, target, registries) => {
      const pin = await push(source, images, kind);
      const ref: PinnedRef = {
        registry: "docker.io",
        repository: REPOSITORY,
        tag: "1",
        digest: pin,
      };
      const remote = await lookUp(registries, ref, "amd64");
      const repository = repositoryAt(target, REPOSITORY);
      const tags = [tagOf(ref, "amd64"), kind];
      await copyImage(registries, remote, repository, { tags, folder, say: () => undefined });
      for (const tag of tags) {
        expect(digestOf(REPOSITORY, tag, store)).toBe(digest(mine?.manifest ?? ""));
      }
      const url = `http://${target}/v2/${REPOSITORY}`;
      const headers = { Accept: mine?.mediaType ?? "" };
      const pulled = await fetch(`${url}/manifests/${remote.digest}?ns=docker.io`, { headers });
      expect(await pulled.text()).toBe(mine?.manifest);
      expect(pulled.headers.get("content-type")).toBe(mine?.mediaType);
      for (const blob of mine?.blobs ?? []) {
        expect(await (await fetch(`${url}/blobs/${digest(blob)}`)).text()).toBe(blob);
      }
      expect(requests.filter((path) => path.includes("/blobs/"))).toHaveLength(3);
      // All of it is there: nothing is fetched again.
      await copyImage(registries, remote, repository, { tags, folder, say: () => undefined });
      expect(requests.filter((path) => path.includes("/blobs/"))).toHaveLength(3);
    });
  });

  it("cannot be named by its index, whose other images the store does not have", async () => {
    await between(async (_, target) => {
      const { body, mediaType } = testIndex(images, kind);
      const url = `http://${target}/v2/${REPOSITORY}/manifests/index`;
      const request = { method: "PUT", body, headers: { "Content-Type": mediaType } };
      const answer = await fetch(url, request);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain("MANIFEST_BLOB_UNKNOWN");
    });
  });

  it("is not taken by the store with another digest", async () => {
    await between(async (_, target) => {
      const repository = repositoryAt(target, REPOSITORY);
      const file = import.meta.filename;
      const { size } = await stat(file);
      const put = repository.put({ file, size, digest: digest("other"), mediaType: "" });
      await expect(put).rejects.toThrow(/HTTP 400[\s\S]*DIGEST_INVALID/);
      expect(await repository.has(digest("other"))).toBe(false);
    });
  });
});

it("an image of a build comes to another client as it was", async () => {
  const buildah = async (name: string, ...args: string[]): Promise<string> => {
    const storage = [`--root=${join(folder, name)}`, `--runroot=${join(folder, `${name}-run`)}`];
    return (await execa("buildah", [...storage, "--storage-driver=vfs", ...args])).stdout.trim();
  };
  const container = await buildah("one", "from", "scratch");
  await buildah("one", "copy", container, import.meta.filename, "/file");
  await buildah("one", "commit", "--rm", container, "localhost/real:1");
  await between(async (source, target, registries) => {
    const plain = "--tls-verify=false";
    await buildah("one", "push", plain, "localhost/real:1", `docker://${source}/library/real:1`);
    const pushed = digestOf("library/real", "1", join(folder, "source")) ?? "";
    const ref = { registry: "docker.io", repository: "library/real", tag: "1", digest: pushed };
    const remote = await lookUp(registries, ref, hostArch());
    const options = { tags: [tagOf(ref, hostArch())], folder, say: () => undefined };
    await copyImage(registries, remote, repositoryAt(target, "library/real"), options);
    const reference = `${target}/library/real@${pushed}`;
    await buildah("two", "pull", plain, `docker://${reference}`);
    const format = "--format={{.FromImageDigest}}";
    expect(await buildah("two", "inspect", "--type=image", format, reference)).toBe(pushed);
  });
});
