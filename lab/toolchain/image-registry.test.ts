import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { Internet } from "../testing/internet.ts";
import { digest, guarded, publishImages, testImage } from "../testing/registry.ts";
import { DigestError, ImageRegistries, platformsOf, type ImageRef } from "./image-registry.ts";
import { RefusedError, Web, WebError } from "./web.ts";

const REPOSITORY = "library/tool";
const HOST = "registry-1.docker.io";
const AT = { host: HOST, repository: REPOSITORY };
const REF: ImageRef = {
  registry: "docker.io",
  repository: REPOSITORY,
  tag: "1",
  digest: undefined,
};
const image = testImage("tool", "linux/amd64", "oci");
const [, layer = ""] = image.blobs;
const part = { digest: digest(layer), size: Buffer.byteLength(layer) };
const blobUrl = `https://${HOST}/v2/${REPOSITORY}/blobs/${part.digest}`;

let internet: Internet;
let registries: ImageRegistries;

beforeEach(async () => {
  internet = await Internet.start();
  registries = new ImageRegistries(new Web(internet.fetch));
});

afterEach(async () => {
  await internet[Symbol.asyncDispose]();
});

async function received(wanted = part): Promise<string> {
  const chunks: Uint8Array[] = [];
  await registries.blob(REF, wanted, (chunk) => {
    chunks.push(chunk);
  });
  return Buffer.concat(chunks).toString();
}

async function failure(wanted = part): Promise<WebError> {
  const error: unknown = await received(wanted).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WebError);
  return error as WebError;
}

describe("an index of images", () => {
  it("is what a digest leads to, byte by byte, with the images that are for Linux", async () => {
    const arm = testImage("tool", "linux/arm64/v8", "oci");
    const index = publishImages(internet, AT, [
      image,
      arm,
      testImage("t", "unknown/unknown", "oci"),
    ]);
    const found = await registries.manifest(REF, index);
    expect([found.digest, digest(found.body)]).toEqual([index, index]);
    expect(platformsOf(found.json)).toEqual([
      { arch: "amd64", variant: undefined, digest: digest(image.manifest) },
      { arch: "arm64", variant: "v8", digest: digest(arm.manifest) },
    ]);
  });

  it("is refused when it is another one than was asked for, header or none", async () => {
    const index = publishImages(internet, AT, [image]);
    internet.file(`https://${HOST}/v2/${REPOSITORY}/manifests/${index}`, "{}");
    await expect(registries.manifest(REF, index)).rejects.toThrow(DigestError);
    internet.file(`https://${HOST}/v2/${REPOSITORY}/manifests/${index}`, "{}", {
      "Docker-Content-Digest": index,
    });
    await expect(registries.manifest(REF, index)).rejects.toThrow(/says sha256:.*sends is sha256:/);
  });
});

describe("a part of an image", () => {
  it("arrives from where the registry leads to, which never sees the token", async () => {
    publishImages(internet, AT, [image]);
    expect(await received()).toBe(layer);
    const [refused, token, asked, elsewhere] = internet.asked;
    expect(refused?.headers.authorization).toBeUndefined();
    expect(token?.url).toContain(`scope=repository%3Alibrary%2Ftool%3Apull`);
    expect(asked?.headers.authorization).toBe("Bearer token-for-library/tool");
    expect(elsewhere?.url).toMatch(/^https:\/\/cdn\.registry-1\.docker\.io\//);
    expect(elsewhere?.headers.authorization).toBeUndefined();
    expect(elsewhere?.headers["accept-encoding"]).toBe("identity");
  });

  it("is asked for with the token that there is, and with another one when that is too old", async () => {
    publishImages(internet, AT, [image]);
    await received();
    await received();
    const tokens = (): number => internet.asked.filter(({ url }) => url.includes("/token?")).length;
    expect(tokens()).toBe(1);
    let age = 0;
    guarded(internet, AT, `blobs/${part.digest}`, (response) => {
      age += 1;
      if (age === 1) {
        const realm = `https://auth.${HOST}/token`;
        const scope = `repository:${REPOSITORY}:pull`;
        const challenge = `Bearer realm="${realm}",service="${HOST}",scope="${scope}"`;
        response.writeHead(401, { "WWW-Authenticate": challenge }).end();
      } else {
        response.writeHead(200, { "Content-Length": part.size }).end(layer);
      }
    });
    expect(await received()).toBe(layer);
    expect(tokens()).toBe(2);
  });

  it("is refused when it is forged, as soon as it is longer than it should be", async () => {
    const forged = layer.replace("first", "other");
    internet.file(blobUrl, forged);
    expect(await failure()).toBeInstanceOf(DigestError);
    expect((await failure()).message).toContain(`${blobUrl}: what the registry sends is sha256:`);
    internet.file(blobUrl, `${layer}and more`);
    expect((await failure()).message).toMatch(/sends more than the \d+ bytes of it/);
  });

  it.each<[string, () => Internet, RegExp]>([
    ["is cut off", () => internet.cutOff(blobUrl, layer.slice(0, 5), part.size), /cut off after 5/],
    ["is gone", () => internet.status(blobUrl, 404), /no such image or tag/],
    ["is forbidden", () => internet.status(blobUrl, 403), /without an account/],
    ["wants a password", () => internet.status(blobUrl, 401), /without an account/],
    ["is asked for too often", () => internet.status(blobUrl, 429), /limits requests/],
    ["fails", () => internet.status(blobUrl, 500), /answers 500/],
    [
      "leads out of encryption",
      () => internet.redirect(blobUrl, "http://cdn.test/x"),
      /not encrypted/,
    ],
  ])("is refused with its address when it %s", async (_, put, message) => {
    put();
    const error = await failure();
    expect(error.message).toMatch(message);
    expect(error.url).toBe(blobUrl);
    expect(error.fix).not.toBe("");
  });

  it("is refused with its status, so that others can tell a limit from a lie", async () => {
    internet.status(blobUrl, 429);
    expect(await failure()).toBeInstanceOf(RefusedError);
    expect(await failure()).toMatchObject({ status: 429 });
  });

  it("is asked for twice at most when no token is good enough", async () => {
    const at = { host: HOST, repository: REPOSITORY };
    guarded(internet, at, "x", () => undefined);
    internet.on(blobUrl, (response) => {
      const challenge = `Bearer realm="https://auth.${HOST}/token",service="${HOST}",scope="repository:${REPOSITORY}:pull"`;
      response.writeHead(401, { "WWW-Authenticate": challenge }).end();
    });
    expect((await failure()).message).toMatch(/without an account/);
    expect(internet.asked.filter(({ url }) => url === blobUrl)).toHaveLength(2);
  });
});
