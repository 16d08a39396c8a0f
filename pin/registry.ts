/** Digests of container images: what their tags lead to today. Pinned is the index over all architectures. */
import { z } from "zod";

import {
  apiHost,
  ImageRegistries,
  platformsOf,
  type ImageRef,
} from "../lab/toolchain/image-registry.ts";
import type { Web } from "../lab/toolchain/web.ts";
import { PinError } from "./error.ts";
import type { Pin } from "./releases.ts";

const manifest = z.object({ config: z.object({ digest: z.string() }) });

/** Registries, each of whose tags is looked up once. */
export class Registries {
  readonly #found = new Map<string, Promise<Pin>>();
  readonly #images: ImageRegistries;

  constructor(web: Web) {
    this.#images = new ImageRegistries(web);
  }

  /**
   * The digest under an image's tag.
   *
   * @param archs architectures that the image must be there for, as `amd64`
   * @throws PinError or WebError naming the address, what is wrong there and the fix
   */
  pin(ref: ImageRef, archs: readonly string[]): Promise<Pin> {
    const key = JSON.stringify([ref.registry, ref.repository, ref.tag, archs]);
    const found = this.#found.get(key) ?? this.#ask(ref, archs);
    this.#found.set(key, found);
    return found;
  }

  async #ask(ref: ImageRef, archs: readonly string[]): Promise<Pin> {
    const { registry, repository, tag } = ref;
    if (tag === undefined) {
      const name = `${registry}/${repository}`;
      const fix = `write a tag before the digest, as ${name}:1.0@sha256:…`;
      throw new PinError("", `${name} has no tag, so that there is nothing to look up`, fix);
    }
    const { url, digest, json } = await this.#images.manifest(ref, tag);
    const listed = platformsOf(json)?.map(({ arch }) => arch);
    const platforms = [...new Set(listed ?? (await this.#only(ref, url, json)))].sort();
    const missing = archs.filter((arch) => !platforms.includes(arch));
    if (missing.length > 0) {
      throw new PinError(
        url,
        `the image is there for ${platforms.join(", ") || "nothing on Linux"}, and not for ${missing.join(", ")}, which machines of the stack have`,
        "choose another tag or image, or machines of another architecture",
      );
    }
    return { value: digest, source: `${apiHost(ref)}, for ${platforms.join(", ")}` };
  }

  /** An image of one architecture says in its configuration which that is. */
  async #only(ref: ImageRef, url: string, json: unknown): Promise<string[]> {
    const { data } = manifest.safeParse(json);
    if (data === undefined) {
      const fix = "name an image that has a manifest of OCI or of Docker, version 2";
      throw new PinError(url, "the answer is neither an image nor an index of images", fix);
    }
    const arch = await this.#images.architecture(ref, data.config.digest);
    return arch === undefined ? [] : [arch];
  }
}
