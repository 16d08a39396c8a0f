/** Registries of container images as far as clients ask them, on an internet of a test's own. */
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";

import { apiHost, type ImageRef } from "../toolchain/image-registry.ts";
import { readToolchainLock, type ToolchainLock } from "../toolchain/lock.ts";
import type { Asked, Internet } from "./internet.ts";

/** SHA-256 in hex. */
export function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A digest as images name it. */
export function digest(bytes: string | Buffer): string {
  return `sha256:${sha256(bytes)}`;
}

/** An image for one platform. */
export interface TestImage {
  /** As `os/architecture` or `os/architecture/variant`. */
  readonly platform: string;
  readonly manifest: string;
  readonly mediaType: string;
  /** Configuration and layers. */
  readonly blobs: readonly string[];
}

const TYPES = {
  oci: {
    index: "application/vnd.oci.image.index.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
  docker: {
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
} as const;

/** An image of two layers whose contents name it and its platform. */
export function testImage(name: string, platform: string, kind: keyof typeof TYPES): TestImage {
  const types = TYPES[kind];
  const [os, architecture, variant] = platform.split("/");
  const config = JSON.stringify({ os, architecture, variant, config: { Cmd: [name] } });
  const layers = ["first", "second"].map((each) => `${each} layer of ${name} for ${platform}`);
  const part = (mediaType: string, blob: string): object => ({
    mediaType,
    digest: digest(blob),
    size: Buffer.byteLength(blob),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    // OCI's need not name their type.
    ...(kind === "docker" ? { mediaType: types.manifest } : {}),
    config: part(types.config, config),
    layers: layers.map((layer) => part(types.layer, layer)),
  });
  return { platform, manifest, mediaType: types.manifest, blobs: [config, ...layers] };
}

/** The index over images, with attestations beside them, as builds leave them there. */
export function testIndex(
  images: readonly TestImage[],
  kind: keyof typeof TYPES,
): { readonly body: string; readonly mediaType: string } {
  const mediaType = TYPES[kind].index;
  const manifests = images.map((image) => {
    const [os, architecture, variant] = image.platform.split("/");
    return {
      mediaType: image.mediaType,
      digest: digest(image.manifest),
      size: Buffer.byteLength(image.manifest),
      platform: { os, architecture, variant },
    };
  });
  return { body: JSON.stringify({ schemaVersion: 2, mediaType, manifests }), mediaType };
}

/** How a registry of a test deviates from a good one. */
export interface RegistryFlaws {
  /** Header in the place of the true one. */
  readonly digest?: string;
  /** Manifests in the index, as `os/architecture`; default: amd64, arm64 and attestations. */
  readonly platforms?: readonly string[];
  /** Gives no token to anybody. */
  readonly closed?: boolean;
}

/** Where a repository's API is. */
export interface Place {
  /** Host of the API, e.g. `registry-1.docker.io`. */
  readonly host: string;
  readonly repository: string;
}

/**
 * Puts an image and its index into a registry that wants a token and keeps its blobs elsewhere, as Docker Hub
 * does.
 *
 * @returns the digest of the index
 */
export function publishImages(
  internet: Internet,
  { host, repository }: Place,
  images: readonly TestImage[],
  kind: keyof typeof TYPES = "oci",
): string {
  const index = testIndex(images, kind);
  const manifests = [
    index,
    ...images.map(({ manifest: body, mediaType }) => ({ body, mediaType })),
  ];
  for (const { body, mediaType } of manifests) {
    behindToken(internet, host, repository, `manifests/${digest(body)}`, body, { mediaType });
  }
  for (const blob of images.flatMap(({ blobs }) => blobs)) {
    const elsewhere = `https://cdn.${host}/${digest(blob)}?signature=1`;
    internet.file(elsewhere, blob);
    guarded(internet, { host, repository }, `blobs/${digest(blob)}`, (response) => {
      response.writeHead(307, { Location: elsewhere }).end();
    });
  }
  return digest(index.body);
}

/** The lab's lock with every image pinned, for both architectures, as an internet publishes them. */
export function pinnedLock(internet: Internet): ToolchainLock {
  const lock = readToolchainLock();
  const images = Object.entries(lock.images).map(([name, ref]): [string, ImageRef] => {
    const host = apiHost(ref);
    internet.status(`https://${host}/v2/`, 401);
    const both = ["linux/amd64", "linux/arm64"].map((each) => testImage(name, each, "oci"));
    const at = { host, repository: ref.repository };
    return [name, { ...ref, digest: publishImages(internet, at, both) }];
  });
  return { ...lock, images: Object.fromEntries(images) };
}

/** Puts something behind a registry's token. */
export function behindToken(
  internet: Internet,
  host: string,
  repository: string,
  path: string,
  body: string,
  flaws: RegistryFlaws & { readonly mediaType?: string } = {},
): void {
  const answer = (response: ServerResponse): void => {
    const claimed = flaws.digest ?? digest(body);
    const size = Buffer.byteLength(body);
    const type = flaws.mediaType === undefined ? {} : { "Content-Type": flaws.mediaType };
    const headers = { "Docker-Content-Digest": claimed, "Content-Length": size, ...type };
    response.writeHead(200, headers).end(body);
  };
  guarded(internet, { host, repository }, path, answer, flaws);
}

/** Answers whoever has the repository's token; tells all others where it is had. */
export function guarded(
  internet: Internet,
  { host, repository }: Place,
  path: string,
  answer: (response: ServerResponse, asked: Asked) => void,
  { closed }: RegistryFlaws = {},
): void {
  const scope = `repository:${repository}:pull`;
  const [realm, service] = [`https://auth.${host}/token`, host];
  const tokens = new URL(realm);
  tokens.searchParams.set("service", service);
  tokens.searchParams.set("scope", scope);
  const token = `token-for-${repository}`;
  if (closed === true) {
    internet.status(tokens.href, 401);
  } else {
    internet.file(tokens.href, JSON.stringify({ token, expires_in: 300 }));
  }
  internet.on(`https://${host}/v2/${repository}/${path}`, (response, asked) => {
    if (asked.headers.authorization !== `Bearer ${token}`) {
      const challenge = `Bearer realm="${realm}",service="${service}",scope="${scope}"`;
      response.writeHead(401, { "WWW-Authenticate": challenge }).end('{"errors":[]}');
      return;
    }
    answer(response, asked);
  });
}
