/** The lab's images: what each is made of, and under which name the registry holds it. */
import { join } from "node:path";

import { PROJECT } from "../layout.ts";
import { file, folder, npmPackage, rootTar, type RootSpec, type Source } from "./sources.ts";

/** Programs that images are made around; absolute paths of static binaries. */
export interface ImageBinaries {
  readonly coredns: string;
  readonly metricsServer: string;
  readonly localPathProvisioner: string;
  readonly pause: string;
  readonly traefik: string;
  readonly descheduler: string;
}

/** Images that others are built upon; they stay on this computer. */
export type BaseName = "debian" | "node" | "node-build";

/** How one image is made. */
export interface Recipe {
  /** Name in messages, and for a base its name for others. */
  readonly name: string;
  /** What lies beside the Dockerfile while it is built, the Dockerfile included. */
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
const SERVICE = join(PROJECT, "apps", "website", "service");

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

/** Images that need no given binary. */
export const OWN = {
  website: {
    name: "website",
    repository: "fogline/website",
    context: [
      ...["Dockerfile", "package.json", "package-lock.json", "tsconfig.json"].map((name) =>
        file(join(SERVICE, name), name),
      ),
      folder(join(SERVICE, "src"), "src", (path) => !/\.test\.ts$|(^|\/)testing\//.test(path)),
    ],
    bases: { BASE: "node", BUILD_BASE: "node-build" },
  },
  postgres: {
    name: "postgres",
    repository: "fogline/postgres",
    context: [
      dockerfile("postgres"),
      file(join(HERE, "postgres", "docker-entrypoint.sh"), "docker-entrypoint.sh"),
    ],
    bases: { BASE: "debian" },
  },
  busybox: {
    name: "busybox",
    repository: "rancher/mirrored-library-busybox",
    tag: "1.36.1",
    context: [dockerfile("busybox")],
    bases: { BASE: "debian" },
  },
} as const satisfies Readonly<Record<string, Published>>;

/** Images around given binaries; the names and tags are those that K3s v1.36.3 asks for. */
export function imagesAround(
  binaries: ImageBinaries,
): Readonly<
  Record<
    "traefik" | "descheduler" | "pause" | "coredns" | "metricsServer" | "localPathProvisioner",
    Published
  >
> {
  const around = (name: string, binary: string, repository: string, tag?: string): Published => ({
    name,
    repository,
    ...(tag === undefined ? {} : { tag }),
    context: [dockerfile(name), file(binary, name)],
    bases: {},
  });
  return {
    traefik: around("traefik", binaries.traefik, "fogline/traefik"),
    descheduler: around("descheduler", binaries.descheduler, "fogline/descheduler"),
    pause: around("pause", binaries.pause, "rancher/mirrored-pause", "3.6"),
    coredns: around("coredns", binaries.coredns, "rancher/mirrored-coredns-coredns", "1.14.7"),
    metricsServer: around(
      "metrics-server",
      binaries.metricsServer,
      "rancher/mirrored-metrics-server",
      "v0.9.0",
    ),
    localPathProvisioner: around(
      "local-path-provisioner",
      binaries.localPathProvisioner,
      "rancher/local-path-provisioner",
      "v0.0.30",
    ),
  };
}

function base(name: BaseName, root: RootSpec): Recipe {
  return { name, context: [dockerfile("base"), rootTar(root, "root.tar")], bases: {} };
}

function dockerfile(name: string): Source {
  return file(join(HERE, name, "Dockerfile"), "Dockerfile");
}
