/** What there is to pin in the lab's lock and in a stack's file, and where it is written. */
import { APPS } from "../apps/index.ts";
import { archsInUse } from "../config/image-rules.ts";
import { knownOf, type Known } from "../config/known.ts";
import { netmakerDownload } from "../config/netmaker.ts";
import { K3S_DOWNLOAD, read } from "../config/schema.ts";
import { parseRef, withDigest, type ImageRef } from "../lab/toolchain/image-registry.ts";
import { readToolchainLock, type Arch } from "../lab/toolchain/lock.ts";
import type { Path, YamlFile } from "./document.ts";
import { PinError } from "./error.ts";
import type { Registries } from "./registry.ts";
import type { Pin, Releases } from "./releases.ts";

/** One value to be pinned. */
export interface Target {
  /** What it is called in reports. */
  readonly label: string;
  readonly path: Path;
  /** What is pinned now; undefined for nothing, or for zeros in its place. */
  readonly old: string | undefined;
  /** Whether it is the sum of a release's file, which never changes while the release is the same. */
  readonly isSum: boolean;
  /** @throws PinError when it cannot be found out */
  find(): Promise<Pin>;
  /** What is written for a value that was found. */
  write(value: string): string;
}

/** Where values come from. */
export interface Sources {
  readonly releases: Releases;
  readonly registries: Registries;
}

const ZEROS = /^(sha256:)?0{64}$/;
const ARCHS: readonly Arch[] = ["amd64", "arm64"];

/** Sums of every official file of the lab's lock, and digests of its images. */
export function lockTargets(lock: YamlFile, { releases, registries }: Sources): Target[] {
  const { parts, images } = readToolchainLock(lock.path);
  const files = Object.entries(parts).flatMap(([name, { version, official }]) =>
    ARCHS.flatMap((arch) => {
      const url = official?.[arch]?.url;
      const file = {
        url: url ?? "",
        checksums: official?.checksums?.replaceAll("{arch}", arch),
        signer: official?.signed,
      };
      const path = ["parts", name, "official", arch, "sha256"];
      const label = `${name} ${version}, ${arch}`;
      return url === undefined ? [] : [sum(lock, label, path, () => releases.pin(file))];
    }),
  );
  // Labs run on either architecture.
  const ofImages = Object.entries(images).map(([name, image]) =>
    digest(`image ${name}`, ["images", name], image, () => registries.pin(image, ARCHS)),
  );
  return [...files, ...ofImages];
}

/** Sums and digests of a stack's file. */
export function stackTargets(stack: YamlFile, sources: Sources): Target[] {
  const known = settingsOf(stack);
  const archs = archsOf(stack);
  const top = (stack.data() as { config?: Record<string, unknown> | null } | null)?.config ?? {};
  const images = Object.keys(top)
    .filter((key) => key.startsWith("fogline:"))
    .flatMap((key) => stack.leaves(["config", key]))
    .flatMap((leaf) => imageTargets(leaf.path, leaf.value, archs, sources));
  return [
    ...k3sTargets(stack, known, archs, sources),
    ...netmakerTargets(stack, known, sources),
    ...images,
  ];
}

/** Architectures of a stack's machines; of devices, too, that are not wholly described yet. */
export function archsOf(stack: YamlFile): Arch[] {
  const inUse = archsInUse(settingsOf(stack));
  const described = stack
    .leaves(["config", "fogline:edge"])
    .flatMap(({ path, value }) => (path.at(-1) === "arch" ? [value] : []));
  return ARCHS.filter((arch) => inUse.includes(arch) || described.includes(arch));
}

function settingsOf(stack: YamlFile): Known {
  const { config } = (stack.data() ?? {}) as { config?: Record<string, unknown> | null };
  const raw = Object.entries(config ?? {}).flatMap(([key, value]) =>
    key.startsWith("fogline:") ? [[key.slice("fogline:".length), value] as const] : [],
  );
  return knownOf(read(Object.fromEntries(raw), APPS).readable);
}

/** The binary that machines fetch is the project's own, wherever they fetch it. */
function k3sTargets(
  stack: YamlFile,
  { k3s }: Known,
  archs: readonly Arch[],
  { releases }: Sources,
): Target[] {
  const path = ["config", "fogline:k3s", "sha256"];
  return withPinned(stack, path, archs).map((arch) =>
    sum(stack, `fogline:k3s.sha256.${arch}`, [...path, arch], () => {
      const { version } = k3s;
      if (version === undefined) {
        throw new PinError(
          "",
          "fogline:k3s.version is missing, or no release of K3s",
          "write it like v1.36.3+k3s1",
        );
      }
      const suffix = arch === "amd64" ? "" : `-${arch}`;
      const url = fill(K3S_DOWNLOAD, { version, suffix });
      const checksums = `${url.slice(0, url.lastIndexOf("/"))}/sha256sum-${arch}.txt`;
      return releases.pin({ url, checksums });
    }),
  );
}

/** Server and client run on the master. */
function netmakerTargets(
  stack: YamlFile,
  { overlay, netmaker, cloud }: Known,
  { releases }: Sources,
): Target[] {
  if (overlay.kind !== "netmaker" || netmaker.version === undefined) {
    return [];
  }
  const { version } = netmaker;
  const inUse = cloud.arch === undefined ? [] : [cloud.arch];
  return (["server", "client"] as const).flatMap((part) => {
    const path = ["config", "fogline:netmaker", part, "sha256"];
    return withPinned(stack, path, inUse).map((arch) => {
      const name = part === "server" ? "netmaker" : "netclient";
      const url = fill(netmakerDownload(name), { version, arch });
      const label = `fogline:netmaker.${part}.sha256.${arch}`;
      return sum(stack, label, [...path, arch], () => releases.pin({ url }));
    });
  });
}

/** Architectures in use, and those that a sum is written for already. */
function withPinned(stack: YamlFile, path: Path, inUse: readonly Arch[]): Arch[] {
  return ARCHS.filter((arch) => inUse.includes(arch) || stack.text([...path, arch]) !== undefined);
}

function imageTargets(
  path: Path,
  value: string,
  archs: readonly Arch[],
  { registries }: Sources,
): Target[] {
  const key = path.at(-1);
  const isImage =
    path.includes("bases") ||
    (typeof key === "string" && (key === "image" || key.endsWith("Image")));
  const ref = parseRef(value);
  if (value === "build" || (!isImage && ref?.digest === undefined)) {
    return [];
  }
  const label = path.slice(1).join(".");
  if (ref === undefined) {
    const find = (): Promise<Pin> => {
      const fix = "write it like docker.io/library/postgres:17";
      throw new PinError("", `${value} names no image by registry, repository and tag`, fix);
    };
    return [{ label, path, old: undefined, isSum: false, find, write: (text) => text }];
  }
  return [digest(label, path, ref, () => registries.pin(ref, archs))];
}

function digest(label: string, path: Path, ref: ImageRef, find: () => Promise<Pin>): Target {
  return {
    label: `${label} (${withDigest(ref, undefined)})`,
    path,
    old: pinned(ref.digest),
    isSum: false,
    find,
    write: (value) => withDigest(ref, value),
  };
}

function sum(file: YamlFile, label: string, path: Path, find: () => Promise<Pin>): Target {
  const old = pinned(file.text(path));
  return { label, path, old, isSum: true, find, write: (value) => value };
}

function pinned(value: string | undefined): string | undefined {
  return value === undefined || ZEROS.test(value) ? undefined : value;
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ""),
  );
}
