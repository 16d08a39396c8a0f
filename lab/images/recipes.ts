/** The lab's images: what each is made of, and under which name the registry holds it. */
import { join } from "node:path";

import type { AppImage, BaseName, ContextPart, Program } from "../../apps/images.ts";
import { file, folder, npmPackage, rootTar, type RootSpec, type Source } from "./sources.ts";

/** Programs of the cluster that images are made around; absolute paths of static binaries. */
export interface ClusterBinaries {
  readonly coredns: string;
  readonly metricsServer: string;
  readonly localPathProvisioner: string;
  readonly pause: string;
}

/** Absolute paths of programs that images of apps hold, by name. */
export type Programs = Readonly<Record<string, string>>;

/** How one image is made. */
export interface Recipe {
  /** Name in messages, and for a base its name for others. */
  readonly name: string;
  /** Files of the build context, the Dockerfile included. */
  readonly context: readonly Source[];
  /** Build arguments that name a base. */
  readonly bases: Readonly<Record<string, BaseName>>;
}

/** An image that the registry holds. */
export interface Published extends Recipe {
  /** E.g. `fogline/website`. */
  readonly repository: string;
  /** Tag that machines ask for; images that are named by digest have none. */
  readonly tag?: string;
}

/** Debian's suite of all images. */
const SUITE = "trixie";
/** The root of every image that packages are installed into. */
export const DEBIAN: RootSpec = { suite: SUITE, variant: "minbase", packages: [] };
const HERE = import.meta.dirname;

const NPM = {
  name: "npm",
  version: "10.9.9",
  integrity:
    "sha512-1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg==",
} as const;

/** The bases by name. */
export const BASES: Readonly<Record<BaseName, Recipe>> = {
  debian: base("debian", DEBIAN),
  // No shell, no package manager: half the size, which the Pi's link feels.
  node: base("node", {
    suite: SUITE,
    variant: "extract",
    packages: ["base-files", "netbase", "nodejs"],
  }),
  "node-build": {
    name: "node-build",
    context: [dockerfile("node-build"), npmPackage(NPM, "npm.tgz")],
    bases: { BASE: "debian" },
  },
};

/** Where the registry holds the cluster's images: names and tags are those that K3s v1.36.3 asks for. */
export const CLUSTER = {
  pause: { repository: "rancher/mirrored-pause", tag: "3.6" },
  coredns: { repository: "rancher/mirrored-coredns-coredns", tag: "1.14.7" },
  "metrics-server": { repository: "rancher/mirrored-metrics-server", tag: "v0.9.0" },
  "local-path-provisioner": { repository: "rancher/local-path-provisioner", tag: "v0.0.30" },
  busybox: { repository: "rancher/mirrored-library-busybox", tag: "1.36.1" },
} as const satisfies Readonly<Record<string, { repository: string; tag: string }>>;

/** One of the cluster's images. */
export type ClusterImage = keyof typeof CLUSTER;

/** Images of the cluster that need no given binary. */
export const OWN = {
  busybox: {
    name: "busybox",
    ...CLUSTER.busybox,
    context: [dockerfile("busybox")],
    bases: { BASE: "debian" },
  },
} as const satisfies Partial<Readonly<Record<ClusterImage, Published>>>;

/** Images of the cluster around given binaries. */
export function clusterImages(
  binaries: ClusterBinaries,
): Readonly<Record<Exclude<ClusterImage, keyof typeof OWN>, Published>> {
  const around = (name: ClusterImage, binary: string): Published => ({
    name,
    ...CLUSTER[name],
    context: [dockerfile(name), file(binary, name)],
    bases: {},
  });
  return {
    pause: around("pause", binaries.pause),
    coredns: around("coredns", binaries.coredns),
    "metrics-server": around("metrics-server", binaries.metricsServer),
    "local-path-provisioner": around("local-path-provisioner", binaries.localPathProvisioner),
  };
}

/** The image of an app. @throws Error when a program that it holds was not made */
export function appImage({ name, context, bases = {} }: AppImage, programs: Programs): Published {
  return {
    name,
    repository: `fogline/${name}`,
    context: context.map((part) => sourceOf(part, programs)),
    bases,
  };
}

/** The programs that an image of an app holds. */
export function programsOf({ context }: AppImage): readonly Program[] {
  return context.flatMap((part) => ("program" in part ? [part.program] : []));
}

/** What a program is called, among those of all apps. */
export function nameOf(program: Program): string {
  return "part" in program ? program.part : program.name;
}

function sourceOf(part: ContextPart, programs: Programs): Source {
  if ("file" in part) {
    return file(part.file, part.to);
  }
  if ("folder" in part) {
    return folder(part.folder, part.to, (path) => !part.except.test(path));
  }
  const made = programs[nameOf(part.program)];
  if (made === undefined) {
    throw new Error(`the program ${nameOf(part.program)} was not made`);
  }
  return file(made, part.to);
}

function base(name: BaseName, root: RootSpec): Recipe {
  return { name, context: [dockerfile("base"), rootTar(root, "root.tar")], bases: {} };
}

function dockerfile(name: string): Source {
  return file(join(HERE, name, "Dockerfile"), "Dockerfile");
}
