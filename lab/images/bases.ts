/** What images stand upon that the program builds: the official bases where they can be had, else the lab's. */
import type { BaseName } from "../../apps/images.ts";
import { BASES } from "../../apps/registry/images.ts";
import type { Say } from "../progress.ts";
import { parseRef } from "../toolchain/image-registry.ts";
import { hostArch } from "../toolchain/lock.ts";
import type { Builder } from "./builder.ts";
import { copyImage, repositoryAt, tagOf } from "./copy.ts";
import type { Official } from "./official.ts";
import { withWritableRegistry } from "./registry.ts";
import type { ImageLine } from "./report.ts";

/** A base in the builder's storage. */
export interface Base {
  readonly name: BaseName;
  readonly line: ImageLine;
}

/**
 * Makes sure that the builder's storage holds bases.
 *
 * @param work for what passes through, e.g. the builder's own folder
 * @param references official bases by digest; default: those that images are built upon elsewhere
 * @throws LabError when one can neither be copied nor built
 */
export async function ensureBases(
  names: readonly BaseName[],
  { builder, work, official }: { builder: Builder; work: string; official: Official },
  say: Say,
  references: Readonly<Record<BaseName, string>> = BASES,
): Promise<Base[]> {
  const bases: Base[] = [];
  for (const name of names) {
    const ref = parseRef(references[name]);
    const choice = await official.choose(ref);
    if (choice.source === "built") {
      const reference = await builder.base(name, say);
      const { reason } = choice;
      bases.push({ name, line: { image: `base ${name}`, source: "built", reference, reason } });
      continue;
    }
    const { digest, remote } = choice;
    const pinned = choice.ref;
    const reference = await builder.official(name, digest, (take) =>
      withWritableRegistry(work, async (address) => {
        if (remote !== undefined) {
          const tags = [tagOf(pinned, hostArch())];
          const target = repositoryAt(address, pinned.repository);
          await copyImage(official.registries, remote, target, { tags, folder: work, say });
        }
        await take(`${address}/${pinned.repository}@${digest}`);
      }),
    );
    const version = pinned.tag ?? "";
    bases.push({
      name,
      line: {
        image: `base ${name}`,
        source: "official",
        version,
        reference,
        pinned: pinned.digest,
      },
    });
  }
  return bases;
}
