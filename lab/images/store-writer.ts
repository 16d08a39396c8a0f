/** Puts images into the store, through a registry that is open for writing on the loopback. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";

import { LabError } from "../progress.ts";

/** Media types of manifests that images have: buildah's are OCI's, some official ones Docker's. */
const MANIFESTS = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** One registry of the loopback, in OCI's requests; nobody else writes to its store meanwhile. */
export class StoreWriter {
  /** @param address as `127.0.0.1:<port>` */
  constructor(private readonly address: string) {}

  /** Whether a repository has a layer or a configuration. */
  async has(repository: string, digest: string): Promise<boolean> {
    const path = `${repository}/blobs/${digest}`;
    const { status } = await this.#ask(path, { method: "HEAD" }, [200, 404]);
    return status === 200;
  }

  /**
   * Puts a layer or a configuration in. The registry compares the digest as well.
   *
   * @param file absolute path
   * @throws LabError when the registry does not take it
   */
  async putBlob(repository: string, digest: string, file: string): Promise<void> {
    const uploads = `${repository}/blobs/uploads/`;
    const { headers } = await this.#ask(uploads, { method: "POST" }, [202]);
    const upload = new URL(headers.get("location") ?? "", `http://${this.address}`);
    upload.searchParams.set("digest", digest);
    const body = Readable.toWeb(createReadStream(file)) as ReadableStream;
    const type = { "Content-Type": "application/octet-stream" };
    const request = { method: "PUT", headers: type, body, duplex: "half" } as const;
    await this.#ask(`${upload.pathname}${upload.search}`.slice("/v2/".length), request, [201]);
  }

  /**
   * Names a manifest, all of whose parts are in.
   *
   * @param body byte by byte as its digest was computed
   */
  async putManifest(
    repository: string,
    tag: string,
    { body, mediaType }: { readonly body: Uint8Array<ArrayBuffer>; readonly mediaType: string },
  ): Promise<void> {
    const request = { method: "PUT", headers: { "Content-Type": mediaType }, body };
    await this.#ask(`${repository}/manifests/${tag}`, request, [201]);
  }

  /** Gives an image that is in another tag as well. */
  async tag(repository: string, from: string, to: string): Promise<void> {
    const headers = { Accept: MANIFESTS };
    const found = await this.#ask(`${repository}/manifests/${from}`, { headers }, [200]);
    const mediaType = found.headers.get("content-type") ?? "";
    const body = new Uint8Array(await found.arrayBuffer());
    await this.putManifest(repository, to, { body, mediaType });
  }

  async #ask(path: string, request: RequestInit, expected: readonly number[]): Promise<Response> {
    const url = `http://${this.address}/v2/${path}`;
    const answer = await fetch(url, request);
    if (!expected.includes(answer.status)) {
      const said = `${request.method ?? "GET"} ${url}: HTTP ${answer.status}\n${await answer.text()}`;
      throw new LabError("images", "writing to the lab's registry", said, "make up");
    }
    return answer;
  }
}
