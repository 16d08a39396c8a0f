/** Official hosts as far as pins ask them, on an internet of a test's own: the same addresses and layouts. */
import { createHash } from "node:crypto";

import type { Internet } from "../../lab/testing/internet.ts";
import { Web } from "../../lab/toolchain/web.ts";
import { Registries } from "../registry.ts";
import { Releases } from "../releases.ts";
import type { Sources } from "../targets.ts";
import { TestSigstore } from "./signing.ts";

/** What clients ask on that internet, never patient, with a Sigstore of the tests'. */
export interface Hosts extends Sources {
  readonly sigstore: TestSigstore;
}

/** Clients of an internet. */
export function clientsOf(internet: Internet): Hosts {
  const web = new Web(internet.fetch);
  const sigstore = new TestSigstore();
  return {
    sigstore,
    releases: new Releases(web, sigstore.root),
    registries: new Registries(web),
  };
}

/** SHA-256 in hex. */
export function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A file of checksums of files whose contents are their names. */
export function checksumsOf(...files: readonly string[]): string {
  return files.map((file) => `${sha256(file)}  ${file}\n`).join("");
}

/** What GitHub's API says of a release; a file without a digest was uploaded before it computed them. */
export function githubRelease(files: Readonly<Record<string, string | null>>): string {
  const assets = Object.entries(files).map(([name, digest]) => ({ name, digest, size: 1 }));
  return JSON.stringify({ tag_name: "v1", body: "Notes", assets });
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

/**
 * Puts an image into a registry that wants a token, as Docker Hub, ghcr.io and registry.k8s.io do.
 *
 * @param host of the API, e.g. `registry-1.docker.io`
 * @returns the digest of its index
 */
export function putImage(
  internet: Internet,
  host: string,
  repository: string,
  tag: string,
  flaws: RegistryFlaws = {},
): string {
  const platforms = flaws.platforms ?? ["linux/amd64", "linux/arm64", "unknown/unknown"];
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: platforms.map((platform) => {
      const [os, architecture] = platform.split("/");
      return { digest: `sha256:${sha256(platform + tag)}`, platform: { os, architecture } };
    }),
  });
  const digest = `sha256:${sha256(body)}`;
  behindToken(internet, host, repository, `manifests/${tag}`, body, flaws);
  return digest;
}

/** Puts something behind a registry's token. */
export function behindToken(
  internet: Internet,
  host: string,
  repository: string,
  path: string,
  body: string,
  flaws: RegistryFlaws = {},
): void {
  const scope = `repository:${repository}:pull`;
  const [realm, service] = [`https://auth.${host}/token`, host];
  const tokens = new URL(realm);
  tokens.searchParams.set("service", service);
  tokens.searchParams.set("scope", scope);
  const token = `token-for-${repository}`;
  if (flaws.closed === true) {
    internet.status(tokens.href, 401);
  } else {
    internet.file(tokens.href, JSON.stringify({ token, expires_in: 300 }));
  }
  internet.on(`https://${host}/v2/${repository}/${path}`, (response, { headers }) => {
    if (headers.authorization !== `Bearer ${token}`) {
      const challenge = `Bearer realm="${realm}",service="${service}",scope="${scope}"`;
      response.writeHead(401, { "WWW-Authenticate": challenge }).end('{"errors":[]}');
      return;
    }
    const claimed = flaws.digest ?? `sha256:${sha256(body)}`;
    const size = Buffer.byteLength(body);
    response.writeHead(200, { "Docker-Content-Digest": claimed, "Content-Length": size }).end(body);
  });
}
