/**
 * Checks the computer before any work. Everything that is missing is reported at once, each with its
 * fix. On Debian and Ubuntu missing packages are installed, as set-up is part of `make up`.
 */
import { existsSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { totalmem } from "node:os";

import { execa } from "execa";

import { CACHE, MACHINES } from "./layout.ts";
import {
  install,
  isDebian,
  missingPackages,
  packageProbes,
  readPackages,
  type PackageNeed,
  type PackageProbes,
} from "./packages.ts";
import { LabError, type Say } from "./progress.ts";

/** Free disk space that a first start needs, in GiB: caches, images and four machines. */
const COLD_DISK = 15;

/** The same once the caches are filled. */
const WARM_DISK = 5;

/** Memory of the computer, in GiB: the machines use about 4 of it. */
const MEMORY = 6;

/** A requirement of the lab that this computer does not meet. */
export interface UnmetRequirement {
  readonly what: string;
  readonly fix: string;
}

/** How the computer is inspected; replaced in tests. */
export interface Probes extends PackageProbes {
  readonly platform: NodeJS.Platform;
  readonly memoryGiB: number;
  readonly nodeVersion: string;
  /** GiB free to root where a folder stands or will stand. */
  freeGiB(path: string): number;
  goVersion(): Promise<string>;
  /** Kernel features out of {@link KERNEL} that do not work here. */
  missingKernelFeatures(): Promise<string[]>;
}

/** Requirements that are not met, and Debian packages that would meet some of the others. */
export interface Findings {
  readonly unmet: readonly UnmetRequirement[];
  readonly packages: readonly string[];
}

/** Kernel features that machines and network need; each is tried in a namespace of its own. */
const KERNEL: Readonly<Record<string, string>> = {
  bridge: "ip link add probe type bridge",
  veth: "ip link add probe type veth peer name other",
  vxlan: "ip link add probe type vxlan id 1 dstport 4789",
  tun: "ip tuntap add dev probe mode tun",
  nftables:
    "nft add table ip probe && nft add chain ip probe nat '{ type nat hook postrouting priority 100; }'",
  overlay: "grep -qw overlay /proc/filesystems || modprobe overlay",
};

/** Everything that is missing on this computer; changes nothing. */
export async function inspect(
  probes: Probes,
  needs: readonly PackageNeed[] = readPackages(),
): Promise<Findings> {
  if (probes.platform !== "linux") {
    const what = `the lab runs on Linux, this is ${probes.platform}`;
    return { unmet: [{ what, fix: "use a Linux machine or virtual machine" }], packages: [] };
  }
  const unmet: UnmetRequirement[] = [];
  const packages = missingPackages(needs, probes);
  if (probes.uid !== 0) {
    unmet.push({
      what: "machines and network namespaces need root",
      fix: "run the command with sudo",
    });
  }
  unmet.push(...sizes(probes), ...(await languages(probes)));
  if (!probes.exists("/dev/net/tun")) {
    unmet.push({ what: "/dev/net/tun is missing", fix: "load it with: modprobe tun" });
  }
  // Without root or the tools every test fails and does not show what the kernel supports.
  const canTry = ["ip", "nft", "unshare"].every((command) => probes.hasCommand(command));
  if (probes.uid === 0 && canTry) {
    for (const feature of await probes.missingKernelFeatures()) {
      unmet.push({
        what: `the kernel's ${feature} does not work here`,
        fix: `use a kernel with ${feature}; in a container, give it the rights of a machine (privileged)`,
      });
    }
  }
  if (packages.length > 0 && !isDebian(probes)) {
    const missing = packages.map(({ shownBy }) => shownBy).join(", ");
    const names = packages.map(({ name }) => name).join(" ");
    unmet.push({
      what: `not found: ${missing}`,
      fix: `install what Debian calls: ${names}`,
    });
    return { unmet, packages: [] };
  }
  return { unmet, packages: packages.map(({ name }) => name) };
}

/**
 * Checks this computer and installs missing packages where it can.
 *
 * @throws LabError naming everything that is missing, each with its fix
 */
export async function preflight(say: Say, probes: Probes = hostProbes()): Promise<string[]> {
  let findings = await inspect(probes);
  const installed: string[] = [];
  // Nothing is installed on a computer that does not meet the other requirements.
  if (findings.unmet.length === 0 && findings.packages.length > 0) {
    await install(findings.packages, say);
    installed.push(...findings.packages);
    findings = await inspect(probes);
  }
  const unmet = [...findings.unmet];
  if (findings.packages.length > 0) {
    unmet.push({
      what: `packages are missing: ${findings.packages.join(", ")}`,
      fix: `apt-get install ${findings.packages.join(" ")}`,
    });
  }
  if (unmet.length > 0) {
    throw new LabError(
      "this computer",
      "checking what the lab needs",
      unmet.map(({ what, fix }) => `- ${what}\n  fix: ${fix}`).join("\n"),
      "fix the above and run the command again; nothing was created",
    );
  }
  return installed;
}

function sizes(probes: Probes): UnmetRequirement[] {
  const unmet: UnmetRequirement[] = [];
  const need = probes.exists(join(CACHE, "toolchain")) ? WARM_DISK : COLD_DISK;
  for (const folder of [CACHE, MACHINES]) {
    const free = probes.freeGiB(folder);
    if (free < need) {
      unmet.push({
        what: `${folder} has ${free.toFixed(1)} GiB free, ${need} are needed`,
        fix: "free space on that disk",
      });
    }
  }
  // A computer sold with 6 GiB shows a little less.
  if (probes.memoryGiB < MEMORY - 0.5) {
    unmet.push({
      what: `the computer has ${probes.memoryGiB.toFixed(1)} GiB of memory, ${MEMORY} are needed`,
      fix: "use a computer or virtual machine with more memory",
    });
  }
  return unmet;
}

async function languages(probes: Probes): Promise<UnmetRequirement[]> {
  const unmet: UnmetRequirement[] = [];
  if (!atLeast(probes.nodeVersion, [20, 17])) {
    unmet.push({
      what: `Node.js is ${probes.nodeVersion}, 20.17 or newer is needed`,
      fix: "install Node.js 20 LTS or newer",
    });
  }
  if (!probes.hasCommand("npm")) {
    unmet.push({ what: "npm is missing", fix: "install it (it comes with Node.js)" });
  }
  const go = probes.hasCommand("go") ? await probes.goVersion() : "missing";
  if (!atLeast(go.replace(/^go/, ""), [1, 26])) {
    unmet.push({
      what: `Go is ${go}, 1.26 or newer is needed to build what cannot be downloaded`,
      fix: "install Go 1.26 or newer and put its bin folder into root's PATH",
    });
  }
  return unmet;
}

/** This computer. */
export function hostProbes(): Probes {
  return {
    ...packageProbes(),
    platform: process.platform,
    memoryGiB: totalmem() / 2 ** 30,
    nodeVersion: process.versions.node,
    freeGiB: (folder) => {
      const { bavail, bsize } = statfsSync(nearest(folder));
      return (bavail * bsize) / 2 ** 30;
    },
    goVersion: async () => (await execa("go", ["env", "GOVERSION"])).stdout.trim(),
    missingKernelFeatures: tryKernel,
  };
}

/** Tries each feature in a network namespace of its own, which leaves nothing behind. */
async function tryKernel(): Promise<string[]> {
  const tries = Object.entries(KERNEL).map(async ([feature, command]) => {
    const result = await execa("unshare", ["--net", "sh", "-c", command], { reject: false });
    return result.failed ? [feature] : [];
  });
  return (await Promise.all(tries)).flat();
}

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}

function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = Number.NaN, b = Number.NaN] = version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}
