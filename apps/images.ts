/**
 * What an app's image is made of, as data. lab/images builds all of them for the lab; on any stack,
 * apps/registry builds those that are ours where their setting is `build`. Otherwise the setting names
 * a published image.
 */

/** Images that others are built upon: the lab makes them, `fogline:registry.bases` names them elsewhere. */
export type BaseName = "debian" | "node" | "node-build";

/** A program in an image that the lab fetches or builds before; a static binary. */
export type Program =
  /** A part of lab/toolchain/lock.yaml that package registries hold. */
  | { readonly part: string }
  /** A Go module: absolute path of a folder whose `build.sh OUTDIR` makes a program of `name`. */
  | { readonly module: string; readonly name: string };

/** One part of what lies beside the Dockerfile while an image is built. */
export type ContextPart =
  /** A file of this tree by its absolute path. */
  | { readonly file: string; readonly to: string }
  /** The files of a folder of this tree, but for those whose path inside it matches `except`. */
  | { readonly folder: string; readonly to: string; readonly except: RegExp }
  | { readonly program: Program; readonly to: string };

/** How one image is made; the registry of the lab holds it as `fogline/<name>`. */
export interface AppImage {
  readonly name: string;
  /**
   * The image that its makers publish, with the tag that was tried; none for what is ours. The lab takes it by
   * the digest in lab/toolchain/lock.yaml, under the image's name.
   */
  readonly official?: string;
  /** The official one by digest, where the app itself pins it; the lock then has none. */
  readonly pinned?: string;
  /** The Dockerfile included. */
  readonly context: readonly ContextPart[];
  /** Build arguments that name a base. */
  readonly bases?: Readonly<Record<string, BaseName>>;
}

/** Files of one folder, under their own names. */
export function files(folder: string, ...names: readonly string[]): ContextPart[] {
  return names.map((name) => ({ file: `${folder}/${name}`, to: name }));
}
