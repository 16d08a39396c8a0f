/**
 * Digests of container images, from their registries' HTTP API (OCI Distribution Specification 1.1): the
 * manifest under a tag, without an account. What is pinned is the index over all architectures.
 */
import { createHash } from "node:crypto";

import { z } from "zod";

import type { Web } from "../lab/toolchain/web.ts";
import { PinError } from "./error.ts";
import { parseJson, type Pin } from "./releases.ts";

/** A reference like `docker.io/library/traefik:v3.7@sha256:…`. */
export interface ImageRef {
  /** As images name it, e.g. `docker.io`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string | undefined;
}

const REF =
  /^([a-z0-9][a-z0-9.-]*(?::\d+)?)\/([a-z0-9._/-]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

const index = z.object({
  manifests: z.array(
    z.object({ platform: z.object({ os: z.string(), architecture: z.string() }).optional() }),
  ),
});
const manifest = z.object({ config: z.object({ digest: z.string() }) });
const config = z.object({ os: z.string(), architecture: z.string() });
const token = z.union([z.object({ token: z.string() }), z.object({ access_token: z.string() })]);

/** The parts of a reference; undefined for what is none. */
export function parseRef(text: string): ImageRef | undefined {
  const [, registry, repository, tag, digest] = REF.exec(text) ?? [];
  // A first part without dot and port is no registry: docker would read it as one of Docker Hub's owners.
  return registry === undefined || repository === undefined || !/[.:]|^localhost$/.test(registry)
    ? undefined
    : { registry, repository, tag, digest };
}

/** The reference with another digest. */
export function withDigest({ registry, repository, tag }: ImageRef, digest: string): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}@${digest}`;
}

/** Registries. */
export class Registries {
  readonly #found = new Map<string, Promise<Pin>>();

  constructor(private readonly web: Web) {}

  /**
   * The digest under an image's tag.
   *
   * @param archs architectures that the image must be there for, as `amd64`
   * @throws PinError naming the address, what is wrong there and the fix
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
    // Docker Hub's API is at another name than its images.
    const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
    const base = `https://${host}/v2/${repository}`;
    const url = `${base}/manifests/${tag}`;
    const login: Login = { repository };
    const { headers, body } = await this.#get(url, login, ACCEPT);
    const value = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    const claimed = headers.get("docker-content-digest");
    if (claimed !== null && claimed !== value) {
      throw new PinError(
        url,
        `the registry says ${claimed}, but what it sends is ${value}`,
        "do not use it: the answer was changed on its way, or the registry is broken",
      );
    }
    const json = parseJson(url, body);
    const platforms =
      platformsOf(json) ?? (await this.#onlyPlatform(base, login, manifest.safeParse(json).data));
    if (platforms === undefined) {
      const fix = "name an image that has a manifest of OCI or of Docker, version 2";
      throw new PinError(url, "the answer is neither an image nor an index of images", fix);
    }
    const missing = archs.filter((arch) => !platforms.includes(arch));
    if (missing.length > 0) {
      throw new PinError(
        url,
        `the image is there for ${platforms.join(", ") || "nothing on Linux"}, and not for ${missing.join(", ")}, which machines of the stack have`,
        "choose another tag or image, or machines of another architecture",
      );
    }
    return { value, source: `${host}, for ${platforms.join(", ")}` };
  }

  /** An image of one architecture says in its configuration which that is. */
  async #onlyPlatform(
    base: string,
    login: Login,
    image: z.infer<typeof manifest> | undefined,
  ): Promise<string[] | undefined> {
    if (image === undefined) {
      return undefined;
    }
    const { digest } = image.config;
    const url = `${base}/blobs/${digest}`;
    const { body } = await this.#get(url, login);
    if (`sha256:${createHash("sha256").update(body).digest("hex")}` !== digest) {
      const fix = "do not use it: the answer was changed on its way, or the registry is broken";
      throw new PinError(url, "what the registry sends has another digest", fix);
    }
    const { data } = config.safeParse(parseJson(url, body));
    return data?.os === "linux" ? [data.architecture] : [];
  }

  async #get(
    url: string,
    login: Login,
    accept?: string,
  ): Promise<{ headers: Headers; body: Buffer }> {
    const ask = { ...(accept === undefined ? {} : { accept }) };
    let answer = await this.web.get(url, withLogin(ask, login));
    if (answer.status === 401 && login.token === undefined) {
      login.token = await this.#token(url, answer.headers.get("www-authenticate") ?? "", login);
      answer = await this.web.get(url, withLogin(ask, login));
    }
    if (answer.status !== 200) {
      throw refused(url, answer.status);
    }
    return answer;
  }

  /** A token for whoever asks, as Docker's token specification describes it. */
  async #token(url: string, challenge: string, { repository }: Login): Promise<string> {
    const fields = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text]),
    );
    const realm = fields.get("realm") ?? "";
    if (!/^bearer /i.test(challenge) || !URL.canParse(realm)) {
      throw refused(url, 401);
    }
    const address = new URL(realm);
    address.searchParams.set("service", fields.get("service") ?? "");
    address.searchParams.set("scope", fields.get("scope") ?? `repository:${repository}:pull`);
    const { status, body } = await this.web.get(address.href);
    if (status !== 200) {
      throw refused(address.href, status);
    }
    const { data } = token.safeParse(parseJson(address.href, body));
    if (data === undefined) {
      throw new PinError(address.href, "the answer holds no token", "try it with curl");
    }
    return "token" in data ? data.token : data.access_token;
  }
}

interface Login {
  readonly repository: string;
  /** Got with the first request that is refused without one. */
  token?: string;
}

function withLogin<T extends object>(ask: T, login: Login): T & { authorization?: string } {
  return login.token === undefined ? ask : { ...ask, authorization: `Bearer ${login.token}` };
}

/** Architectures of an index on Linux, in order; undefined for what is no index. */
function platformsOf(json: unknown): string[] | undefined {
  const { data } = index.safeParse(json);
  if (data === undefined) {
    return undefined;
  }
  const linux = data.manifests.flatMap(({ platform }) =>
    platform?.os === "linux" ? [platform.architecture] : [],
  );
  return [...new Set(linux)].sort();
}

function refused(url: string, status: number): PinError {
  const [problem, fix] =
    status === 404
      ? ["the registry has no such image or tag", "check name and tag"]
      : status === 401 || status === 403
        ? [
            "the registry shows the image to nobody without an account",
            "write the digest by hand, as `skopeo inspect` or `docker buildx imagetools inspect` prints it",
          ]
        : status === 429
          ? ["the registry limits requests", "wait, and run the command again"]
          : [`the registry answers ${status}`, "run the command again"];
  return new PinError(url, problem, fix);
}
