/** The part of the registry's API (OCI distribution specification) that putting images in needs. */
import { createReadStream } from "node:fs";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";

import { z } from "zod";

import type { Arch } from "../../../components/machine.ts";
import type { BuiltImage } from "../../measures.ts";
import { digestOf, MEDIA, type Blob, type Descriptor, type Document } from "./archive.ts";
import { BuildError } from "./order.ts";

/** Seconds without a byte after which a connection counts as lost. */
const SILENCE = 60;

const descriptor = z.object({ digest: z.string(), size: z.number() });
const platform = z.object({ architecture: z.string() });
const index = z.object({ manifests: z.array(descriptor.extend({ platform })) });
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const catalog = z.object({ repositories: z.array(z.string()) });

/** One repository of a registry without TLS. */
export class Repository {
  /**
   * @param registry e.g. `http://127.0.0.1:5001`
   * @param name e.g. `website`
   */
  constructor(
    private readonly registry: string,
    private readonly name: string,
  ) {}

  /** The image under a tag, if the registry has all of it. */
  async find(tag: string): Promise<BuiltImage | undefined> {
    const top = await this.read(tag, MEDIA.index);
    if (top === undefined) {
      return undefined;
    }
    const bytes: Partial<Record<Arch, number>> = {};
    for (const { digest, platform } of index.parse(JSON.parse(top)).manifests) {
      const text = await this.read(digest, MEDIA.manifest);
      if (text === undefined) {
        return undefined;
      }
      const { config, layers } = manifest.parse(JSON.parse(text));
      for (const part of [config, ...layers]) {
        if (!(await this.has(part.digest))) {
          return undefined;
        }
      }
      bytes[platform.architecture as Arch] = sizeOf([config, ...layers]);
    }
    return { digest: digestOf(top), bytes };
  }

  /** Whether the repository has a part. */
  async has(digest: string): Promise<boolean> {
    const { status } = await this.ask("HEAD", `blobs/${digest}`, [200, 404]);
    return status === 200;
  }

  /** Takes a part over from another repository of the registry; false where none has it. */
  async mount({ digest }: Descriptor): Promise<boolean> {
    // A registry that lists nothing is sent the part.
    const answer = await this.ask("GET", "/v2/_catalog?n=1000", [200, 400, 404]);
    const { data } = catalog.safeParse(await answer.json());
    const repositories = data?.repositories ?? [];
    for (const other of repositories.filter((each) => each !== this.name)) {
      if (await new Repository(this.registry, other).has(digest)) {
        const query = new URLSearchParams({ mount: digest, from: other });
        const asked = `blobs/uploads/?${query.toString()}`;
        // 202: the registry would rather be sent it.
        return (await this.ask("POST", asked, [201, 202])).status === 201;
      }
    }
    return false;
  }

  /** Sends a part. @throws BuildError when the registry refuses it or the connection is lost */
  async put(blob: Blob): Promise<void> {
    const begun = await this.ask("POST", "blobs/uploads/", [202]);
    const location = new URL(begun.headers.get("location") ?? "", this.registry);
    location.searchParams.set("digest", blob.digest);
    const { status, text } = await send(location, blob);
    if (status !== 201) {
      throw refusal(`a part of ${this.name}`, status, text);
    }
  }

  /** Stores a manifest or an index. */
  async write(reference: string, { mediaType, text }: Document): Promise<void> {
    const headers = { "Content-Type": mediaType };
    await this.ask("PUT", `manifests/${reference}`, [201], { headers, body: text });
  }

  private async read(reference: string, accept: string): Promise<string | undefined> {
    const headers = { Accept: accept };
    const answer = await this.ask("GET", `manifests/${reference}`, [200, 404], { headers });
    const text = await answer.text();
    return answer.status === 200 ? text : undefined;
  }

  private async ask(
    method: string,
    path: string,
    wanted: readonly number[] = [200],
    more: RequestInit = {},
  ): Promise<Response> {
    const url = new URL(path, `${this.registry}/v2/${this.name}/`);
    const signal = AbortSignal.timeout(SILENCE * 1000);
    const answer = await fetch(url, { method, signal, ...more });
    if (!wanted.includes(answer.status)) {
      throw refusal(`${method} ${url.pathname}`, answer.status, await answer.text());
    }
    return answer;
  }
}

/** Bytes of all parts of an image. */
export function sizeOf(parts: readonly { readonly size: number }[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

function refusal(what: string, status: number, text: string): BuildError {
  const lost =
    status >= 500
      ? '\nfix: if its volume was lost with a node, see docs/images.md, "The volume is lost"'
      : "";
  return new BuildError(`the registry refuses ${what}: HTTP ${status} ${text.trim()}${lost}`);
}

/** One request with a file as its body. */
async function send(url: URL, { file, size }: Blob): Promise<{ status: number; text: string }> {
  const headers = { "Content-Type": "application/octet-stream", "Content-Length": size };
  const put = request(url, { method: "PUT", headers, timeout: SILENCE * 1000 });
  put.once("timeout", () => {
    put.destroy(new Error(`no byte for ${SILENCE} s`));
  });
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    put.once("error", reject);
    put.once("response", (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => {
        text += part.toString();
      });
      answer.once("end", () => {
        resolve({ status: answer.statusCode ?? 0, text });
      });
      answer.once("error", reject);
    });
  });
  // A registry that refuses may answer before it has read everything.
  const sent = pipeline(createReadStream(file), put).then(() => answered);
  return Promise.race([answered, sent]);
}
