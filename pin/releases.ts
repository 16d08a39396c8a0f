/**
 * SHA-256 sums of files of releases, as strongly as each project lets them be checked: by its own file of
 * checksums, signed or not; else by GitHub's record of what was uploaded; else by the file itself.
 */
import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { z } from "zod";

import { officialFile } from "../lab/toolchain/lock.ts";
import { parseJson, WebError, type Web } from "../lab/toolchain/web.ts";
import { PinError } from "./error.ts";
import { checkSignature, SignatureError, type Signer } from "./sigstore.ts";
import { sumOf, SumsError, type Sum } from "./sums.ts";

/** A file of a release. */
export interface ReleaseFile {
  readonly url: string;
  /** Where the release's file of checksums is, if it has one. */
  readonly checksums?: string | undefined;
  /** Who signs that file; its signature is beside it with `.sig`, a bundle of Sigstore's. */
  readonly signer?: Signer | undefined;
}

/** What was found. */
export interface Pin {
  /** 64 hex digits, or `sha256:` and 64 hex digits for an image. */
  readonly value: string;
  /** Who says so, as a short phrase. */
  readonly source: string;
}

const release = z.object({
  assets: z.array(z.object({ name: z.string(), digest: z.string().nullish() })),
});

/** Releases of projects, each of whose files of checksums is fetched once. */
export class Releases {
  readonly #texts = new Map<string, Promise<string>>();

  /** @param root whom signatures are checked against; default: Sigstore's public instance */
  constructor(
    private readonly web: Web,
    private readonly root?: TrustedRoot,
  ) {}

  /**
   * The sum of a file.
   *
   * @throws PinError naming the address, what is wrong there and the fix
   */
  async pin(file: ReleaseFile): Promise<Pin> {
    const { checksums, signer, url } = file;
    if (checksums === undefined) {
      return this.#firstUse(url, "its project publishes no checksums");
    }
    const text = await this.#text(checksums);
    const by = signer === undefined ? undefined : await this.#signedBy(checksums, text, signer);
    const sum = read(checksums, text, officialFile(url));
    if (sum.kind === "sha1") {
      return this.#firstUse(url, "its checksums are SHA-1, which can be forged");
    }
    return {
      value: sum.digits,
      source:
        by === undefined ? "the release's checksums, not signed" : `checksums signed by ${by}`,
    };
  }

  #text(url: string): Promise<string> {
    const text = this.#texts.get(url) ?? this.web.text(url);
    this.#texts.set(url, text);
    return text;
  }

  async #signedBy(checksums: string, text: string, signer: Signer): Promise<string> {
    const url = `${checksums}.sig`;
    const bundle = await this.#text(url);
    try {
      return checkSignature(bundle, Buffer.from(text), signer, this.root).identity;
    } catch (error) {
      if (!(error instanceof SignatureError)) {
        throw error;
      }
      throw new PinError(
        url,
        `the signature does not prove who made ${officialFile(checksums)}: ${error.message}`,
        "do not use this release; if its project signs in another way now, correct `signed` in the lock",
        { cause: error },
      );
    }
  }

  /** Trust on first use: from now on the file is the same, whatever it was. */
  async #firstUse(url: string, why: string): Promise<Pin> {
    const recorded = await this.#recorded(url);
    if (recorded !== undefined) {
      return { value: recorded, source: `GitHub's record of the upload (first use: ${why})` };
    }
    const value = await this.web.download(url);
    return { value, source: `the file itself, downloaded (first use: ${why})` };
  }

  /** The digest that GitHub computed when a release's file was uploaded; older releases have none. */
  async #recorded(url: string): Promise<string | undefined> {
    const [, owner, name, tag, file] =
      /^https:\/\/github\.com\/([^/]+)\/([^/]+)\/releases\/download\/([^/]+)\/([^/]+)$/.exec(url) ??
      [];
    if (owner === undefined || name === undefined || tag === undefined || file === undefined) {
      return undefined;
    }
    const api = `https://api.github.com/repos/${owner}/${name}/releases/tags/${tag}`;
    const { status, body } = await this.web.get(api, { accept: "application/vnd.github+json" });
    if (status === 404) {
      throw new PinError(api, "there is no such release", "check the version");
    }
    if (status !== 200) {
      // Sixty requests an hour without an account: the file itself has the same sum.
      return undefined;
    }
    const { success, data } = release.safeParse(parseJson(api, body));
    const asset = data?.assets.find((each) => each.name === decodeURIComponent(file));
    if (success && asset === undefined) {
      throw new PinError(api, `the release has no file ${file}`, "check version and address");
    }
    return /^sha256:([0-9a-f]{64})$/.exec(asset?.digest ?? "")?.[1];
  }
}

/** A request's failure as one of a pin; other errors are mistakes here and pass through. */
export function asPinError(error: unknown): PinError {
  if (error instanceof PinError) {
    return error;
  }
  if (error instanceof WebError) {
    return new PinError(error.url, error.problem, error.fix, { cause: error });
  }
  throw error;
}

function read(checksums: string, text: string, file: string): Sum {
  try {
    return sumOf(text, file, officialFile(checksums) === `${file}.sha256`);
  } catch (error) {
    if (!(error instanceof SumsError)) {
      throw error;
    }
    throw new PinError(
      checksums,
      error.message,
      "look at the file; use no release whose checksums are not clear",
      { cause: error },
    );
  }
}
