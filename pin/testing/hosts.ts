/** Official hosts as far as pins ask them, on an internet of a test's own: the same addresses and layouts. */
import type { Internet } from "../../lab/testing/internet.ts";
import { behindToken, sha256, type RegistryFlaws } from "../../lab/testing/registry.ts";
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

/** A file of checksums of files whose contents are their names. */
export function checksumsOf(...files: readonly string[]): string {
  return files.map((file) => `${sha256(file)}  ${file}\n`).join("");
}

/** What GitHub's API says of a release; a file without a digest was uploaded before it computed them. */
export function githubRelease(files: Readonly<Record<string, string | null>>): string {
  const assets = Object.entries(files).map(([name, digest]) => ({ name, digest, size: 1 }));
  return JSON.stringify({ tag_name: "v1", body: "Notes", assets });
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
