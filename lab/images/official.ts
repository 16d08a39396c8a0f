/** Whether an image is its makers' own or built here, and why: decided before any is fetched. */
import type { AppImage } from "../../apps/images.ts";
import { FABRIC } from "../layout.ts";
import {
  apiHost,
  DigestError,
  ImageRegistries,
  parseRef,
  withDigest,
  type ImageRef,
} from "../toolchain/image-registry.ts";
import type { Arch, ToolchainLock } from "../toolchain/lock.ts";
import type { OfficialOptions } from "../toolchain/official.ts";
import { RefusedError, Web, WebError, type Fetch } from "../toolchain/web.ts";
import { asLabError, lookUp, tagOf, type PinnedRef, type Remote } from "./copy.ts";
import { digestOf } from "./store.ts";

/** How long an unreachable registry may hold up the start, in milliseconds. */
const PROBE = 3000;

/** Where an image is taken from. */
export type Choice =
  | {
      readonly source: "official";
      readonly ref: PinnedRef;
      /** Digest of the manifest for this computer's processor. */
      readonly digest: string;
      /** What is to be copied; undefined when the store has all of it. */
      readonly remote?: Remote;
    }
  /** Why it is built completes "built by the lab, as …". */
  | { readonly source: "built"; readonly reason: string };

/** What a choice depends on. */
export interface Circumstances {
  readonly arch: Arch;
  readonly options: Pick<OfficialOptions, "offline" | "fetch">;
  /** `k3s.mirrors` of the stack: machines find the lab's store by them alone. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  /** The store's folder; default: the computer's. */
  readonly store?: string;
}

/** The official image that an image of an app stands for: the app's own pin, else that of the lock. */
export function officialOf(
  { name, official, pinned }: Pick<AppImage, "name" | "official" | "pinned">,
  lock: ToolchainLock,
): ImageRef | undefined {
  const own = pinned ?? official;
  const ref = own === undefined ? undefined : parseRef(own);
  const locked = lock.images[name];
  // A pin of another tag than the app was tried with is none.
  return pinned === undefined && locked !== undefined && withDigest(locked, undefined) === official
    ? locked
    : ref;
}

/** Chooses for each image. */
export class Official {
  readonly registries: ImageRegistries;
  readonly #hosts = new Map<string, Promise<boolean>>();

  constructor(private readonly here: Circumstances) {
    this.registries = new ImageRegistries(new Web(here.options.fetch));
  }

  /**
   * Where an image is taken from. A registry that does not answer is asked once, whatever is wanted of it.
   *
   * @param official undefined for an image that is ours
   * @throws LabError when a registry sends something else than was asked for
   */
  async choose(official: ImageRef | undefined): Promise<Choice> {
    const { arch, mirrors, options, store } = this.here;
    if (official === undefined) {
      return built("it has no official one");
    }
    if (official.digest === undefined) {
      return built("no digest of the official one is pinned (make pin writes it)");
    }
    const ref = { ...official, digest: official.digest };
    const endpoints = mirrors[ref.registry] ?? mirrors["*"] ?? [];
    if (!endpoints.includes(`http://${FABRIC.services}:${FABRIC.registryPort}`)) {
      return built(`k3s.mirrors does not lead from ${ref.registry} to the lab's registry`);
    }
    const digest = digestOf(ref.repository, tagOf(ref, arch), store);
    if (digest !== undefined) {
      return { source: "official", ref, digest };
    }
    if (options.offline) {
      return built("FOGLINE_OFFLINE is set");
    }
    if (!(await this.#isThere(apiHost(ref)))) {
      return built(`${apiHost(ref)} cannot be reached`);
    }
    return this.#ask(ref);
  }

  async #ask(ref: PinnedRef): Promise<Choice> {
    try {
      const remote = await lookUp(this.registries, ref, this.here.arch);
      return { source: "official", ref, digest: remote.digest, remote };
    } catch (error) {
      // What is forged is told; whoever sends nothing of use is as good as away.
      if (error instanceof DigestError || !(error instanceof WebError)) {
        throw asLabError(ref, error);
      }
      const said = error instanceof RefusedError ? `answers ${error.status}` : "does not show it";
      const { host } = new URL(error.url);
      return built(`${host} ${said}: ${error.problem}`);
    }
  }

  /** Whether a host answers at all, whatever it says. */
  #isThere(host: string): Promise<boolean> {
    const known = this.#hosts.get(host);
    if (known !== undefined) {
      return known;
    }
    const fetch: Fetch = this.here.options.fetch ?? globalThis.fetch;
    const asked = fetch(`https://${host}/v2/`, { signal: AbortSignal.timeout(PROBE) }).then(
      async ({ body }) => {
        await body?.cancel();
        return true;
      },
      () => false,
    );
    this.#hosts.set(host, asked);
    return asked;
  }
}

function built(reason: string): Choice {
  return { source: "built", reason };
}
