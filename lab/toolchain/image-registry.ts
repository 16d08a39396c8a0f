/**
 * Registries of container images, by their HTTP API (OCI Distribution Specification 1.1) and without an account.
 * Pins look up here what a tag leads to, and the lab copies images from here. Nothing is passed on that has
 * another digest than it was asked for by.
 */
import { createHash } from "node:crypto";

import { z } from "zod";

import { parseJson, RefusedError, WebError, type Answer, type Ask, type Web } from "./web.ts";

/** A reference like `docker.io/library/traefik:v3.7@sha256:…`. */
export interface ImageRef {
  /** As images name it, e.g. `docker.io`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string | undefined;
}

/** A manifest of one image, or an index of several. */
export interface Manifest {
  readonly url: string;
  /** Of `body`. */
  readonly digest: string;
  /** Byte by byte as it was sent: another order of its keys would be another digest. */
  readonly body: Buffer;
  readonly json: unknown;
}

/** Thrown for content whose digest is not the one that it was asked for by. */
export class DigestError extends WebError {
  constructor(url: string, problem: string) {
    super(url, problem, "do not use it: it was changed on its way, or the registry is broken");
    this.name = "DigestError";
  }
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
    z.object({
      digest: z.string(),
      platform: z
        .object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
        .optional(),
    }),
  ),
});
const config = z.object({ os: z.string(), architecture: z.string() });
const token = z.union([z.object({ token: z.string() }), z.object({ access_token: z.string() })]);

/** One image of an index, for Linux. */
export interface Platform {
  /** As images name it, e.g. `arm64`. */
  readonly arch: string;
  /** Version of the processor, such as `v8` or `v3`; undefined for the oldest. */
  readonly variant: string | undefined;
  /** Digest of its manifest. */
  readonly digest: string;
}

/** The parts of a reference; undefined for what is none. */
export function parseRef(text: string): ImageRef | undefined {
  const [, registry, repository, tag, digest] = REF.exec(text) ?? [];
  // A first part without dot and port is no registry: docker would read it as one of Docker Hub's owners.
  return registry === undefined || repository === undefined || !/[.:]|^localhost$/.test(registry)
    ? undefined
    : { registry, repository, tag, digest };
}

/** The reference with another digest, or without one. */
export function withDigest(
  { registry, repository, tag }: Omit<ImageRef, "digest">,
  digest: string | undefined,
): string {
  const [label, pin] = [tag && `:${tag}`, digest && `@${digest}`];
  return `${registry}/${repository}${label ?? ""}${pin ?? ""}`;
}

/** Host that answers for a registry: Docker Hub's API is at another name than its images. */
export function apiHost({ registry }: Pick<ImageRef, "registry">): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/** The digest of some bytes, as registries write it. */
export function digestOfBytes(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Images of an index on Linux, in its order; undefined for what is no index. */
export function platformsOf(json: unknown): Platform[] | undefined {
  return index
    .safeParse(json)
    .data?.manifests.flatMap(({ digest, platform }) =>
      platform?.os === "linux"
        ? [{ arch: platform.architecture, variant: platform.variant, digest }]
        : [],
    );
}

/** A client of registries. */
export class ImageRegistries {
  /** By registry and repository: a token is good for one repository. */
  readonly #tokens = new Map<string, string>();

  constructor(private readonly web: Web) {}

  /**
   * What a tag or a digest leads to.
   *
   * @throws WebError naming the address, what is wrong there and the fix; DigestError for forged content
   */
  async manifest(ref: ImageRef, reference: string): Promise<Manifest> {
    const url = `${base(ref)}/manifests/${reference}`;
    const { headers, body } = await this.#get(ref, url, ACCEPT);
    const digest = digestOfBytes(body);
    const claimed = headers.get("docker-content-digest");
    if (claimed !== null && claimed !== digest) {
      const problem = `the registry says ${claimed}, but what it sends is ${digest}`;
      throw new DigestError(url, problem);
    }
    if (reference.includes(":") && reference !== digest) {
      throw new DigestError(url, `what the registry sends is ${digest}`);
    }
    return { url, digest, body, json: parseJson(url, body) };
  }

  /**
   * Architecture of an image on Linux, which its configuration names; undefined for another system.
   *
   * @param digest of the configuration
   */
  async architecture(ref: ImageRef, digest: string): Promise<string | undefined> {
    const url = `${base(ref)}/blobs/${digest}`;
    const { body } = await this.#get(ref, url);
    if (digestOfBytes(body) !== digest) {
      throw new DigestError(url, "what the registry sends has another digest");
    }
    const { data } = config.safeParse(parseJson(url, body));
    return data?.os === "linux" ? data.architecture : undefined;
  }

  /**
   * Passes a part of an image on while it arrives.
   *
   * @param part its digest, and its size in bytes: no more is taken
   * @param sink what it has got is worth nothing if this throws
   * @throws WebError when it does not arrive in whole; DigestError for forged content
   */
  async blob(
    ref: ImageRef,
    part: { readonly digest: string; readonly size: number },
    sink: (chunk: Uint8Array) => void | Promise<void>,
  ): Promise<void> {
    const url = `${base(ref)}/blobs/${part.digest}`;
    let received = 0;
    const take = (chunk: Uint8Array): void | Promise<void> => {
      received += chunk.length;
      if (received > part.size) {
        throw new DigestError(url, `the registry sends more than the ${part.size} bytes of it`);
      }
      return sink(chunk);
    };
    const sum = await this.#withToken(ref, url, (ask) => this.web.download(url, take, ask));
    if (`sha256:${sum}` !== part.digest) {
      throw new DigestError(url, `what the registry sends is sha256:${sum}`);
    }
  }

  #get(ref: ImageRef, url: string, accept?: string): Promise<Answer> {
    return this.#withToken(ref, url, async (ask) => {
      const answer = await this.web.get(url, accept === undefined ? ask : { ...ask, accept });
      const { status, headers } = answer;
      if (status !== 200) {
        throw new RefusedError(url, status, "", headers.get("www-authenticate") ?? undefined);
      }
      return answer;
    });
  }

  /** Asks with the token that there is, and with a new one where that is refused: tokens last minutes. */
  async #withToken<T>(ref: ImageRef, url: string, ask: (ask: Ask) => Promise<T>): Promise<T> {
    const key = `${ref.registry}/${ref.repository}`;
    try {
      return await ask(withToken(this.#tokens.get(key)));
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status !== 401) {
        throw inWords(error);
      }
      const fresh = await this.#token(url, error.challenge ?? "", ref);
      this.#tokens.set(key, fresh);
    }
    try {
      return await ask(withToken(this.#tokens.get(key)));
    } catch (error) {
      throw inWords(error);
    }
  }

  /** A token for whoever asks, as Docker's token specification describes it. */
  async #token(url: string, challenge: string, { repository }: ImageRef): Promise<string> {
    const fields = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text]),
    );
    const realm = fields.get("realm") ?? "";
    if (!/^bearer /i.test(challenge) || !URL.canParse(realm)) {
      throw refusal(url, 401);
    }
    const address = new URL(realm);
    address.searchParams.set("service", fields.get("service") ?? "");
    address.searchParams.set("scope", fields.get("scope") ?? `repository:${repository}:pull`);
    const { status, body } = await this.web.get(address.href);
    if (status !== 200) {
      throw refusal(address.href, status);
    }
    const { data } = token.safeParse(parseJson(address.href, body));
    if (data === undefined) {
      throw new WebError(address.href, "the answer holds no token", "try it with curl");
    }
    return "token" in data ? data.token : data.access_token;
  }
}

function base(ref: ImageRef): string {
  return `https://${apiHost(ref)}/v2/${ref.repository}`;
}

function withToken(given: string | undefined): Ask {
  return given === undefined ? {} : { authorization: `Bearer ${given}` };
}

function inWords(error: unknown): unknown {
  return error instanceof RefusedError ? refusal(error.url, error.status) : error;
}

/** What a status means where images are asked for. */
function refusal(url: string, status: number): RefusedError {
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
  return new RefusedError(url, status, fix, undefined, problem);
}
