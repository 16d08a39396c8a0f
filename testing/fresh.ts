/**
 * Runs a command of the project on a machine that has only git, make and Node: a Debian root of its
 * own, as root, with this computer's network and way to the package registries.
 * Usage: node --import tsx testing/fresh.ts [suite] [command …]
 * By default, on trixie: make check with what it installs itself, then what make test installs, then the
 * unit tests beside that. Ends with the command's status.
 */
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { execa } from "execa";

import { debianSources, registryMounts } from "../lab/images/host.ts";
import { PROJECT } from "../lab/layout.ts";

/** All that is there; certificates are a part of every way to a registry. */
const PACKAGES = ["git", "make", "nodejs", "npm", "ca-certificates"];
/** What make test does before the lab; make check goes first, as its own set-up is to be enough for it. */
const WHOLE = "make check && node --import tsx testing/setup.ts test && make unit";
const CHECKOUT = "/srv/fogline";
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
/** Settings of this computer that lead to registries. */
const PROXIES = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/** Copies what git knows of the working copy, changes included, with its history. */
async function copyCheckout(root: string): Promise<void> {
  const target = join(root, CHECKOUT);
  await mkdir(dirname(target), { recursive: true });
  await execa("git", ["clone", "--quiet", "--no-hardlinks", PROJECT, target]);
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await execa("git", list, { cwd: PROJECT });
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(PROJECT, file)));
  for (const file of files) {
    cpSync(join(PROJECT, file), join(target, file), { force: true });
  }
}

async function run(suite: string, command: readonly string[]): Promise<number> {
  // On the disk: /tmp may be in memory.
  const folder = await mkdtemp("/var/tmp/fogline-fresh-");
  try {
    const root = join(folder, "root");
    const sources = await debianSources(suite);
    const build = ["--variant=minbase", `--include=${PACKAGES.join(",")}`, suite, root];
    await execa("mmdebstrap", [...build, ...sources], { stdio: ["ignore", 2, 2] });
    // Its network is this computer's: no service of a package that it installs shall listen there.
    writeFileSync(join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    await copyCheckout(root);
    const settings = join(folder, "settings");
    await mkdir(settings, { mode: 0o700 });
    const mounts = await registryMounts(settings, `${sources.join("\n")}\n`);
    const proxies = PROXIES.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [`--setenv=${name}=${value}`];
    });
    const { exitCode } = await execa(
      "systemd-nspawn",
      [
        ...["--quiet", `--directory=${root}`, "--machine=fogline-fresh"],
        ...["--register=no", "--keep-unit", "--pipe", "--resolv-conf=copy-host"],
        ...mounts.map(([from, to]) => `--bind-ro=${from}:${to}`),
        `--setenv=NODE_EXTRA_CA_CERTS=${CERTIFICATES}`,
        ...proxies,
        `--chdir=${CHECKOUT}`,
        ...command,
      ],
      { stdio: "inherit", reject: false },
    );
    return exitCode ?? 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const [suite = "trixie", ...command] = process.argv.slice(2);
process.exitCode = await run(suite, command.length > 0 ? command : ["bash", "-c", WHOLE]);
