/** The machines' root file system: Debian with the packages of a cloud image and of K3s' bundle. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { execa } from "execa";

import { usesNetmaker, usesPostgres } from "../engine/config.ts";
import { debianSources } from "../images/host.ts";
import { CACHE } from "../layout.ts";
import { lastLines } from "../progress.ts";

const SUITE = "trixie";
/**
 * The last four lines are what the official K3s binary carries inside itself; iperf3 is what experiments fill the
 * network with.
 */
const PACKAGES = [
  "systemd,systemd-sysv,dbus,openssh-server,sudo,ca-certificates,curl,openssl",
  "iproute2,iputils-ping,iperf3,procps,util-linux,kmod,less,netbase",
  "wireguard-tools,wireguard-go,ethtool,socat",
  "containerd,runc,containernetworking-plugins",
  "iptables,nftables,conntrack,criu",
].join(",");
/** What the program installs on a Netmaker master: machines reach no mirror here, so it is there. */
const NETMAKER = {
  packages: "mosquitto,caddy,sqlite3",
  // The packages' own services stay off: those of the program run in their place.
  hook: "--customize-hook=chroot $1 systemctl mask caddy.service mosquitto.service",
};
/** The same for one with PostgreSQL, which the program starts. */
const POSTGRES = {
  packages: "postgresql",
  hook: "--customize-hook=chroot $1 systemctl disable postgresql.service",
};
/** Raise it when this file makes the root differently from the same packages. */
const RECIPE = "4";

/**
 * Path of a tar with the machines' root file system, built once per recipe and list of packages.
 *
 * @param say receives what the build waits for
 * @throws when mmdebstrap fails, with its last lines
 */
export async function ensureRoot(say: (text: string) => void): Promise<string> {
  const extras = [...(usesNetmaker() ? [NETMAKER] : []), ...(usesPostgres() ? [POSTGRES] : [])];
  const packages = [PACKAGES, ...extras.map((extra) => extra.packages)].join(",");
  const key = createHash("sha256")
    .update([RECIPE, SUITE, packages].join("\n"))
    .digest("hex")
    .slice(0, 16);
  const tar = join(CACHE, "root", `${SUITE}-${key}.tar`);
  if (existsSync(tar)) {
    return tar;
  }
  await mkdir(join(CACHE, "root"), { recursive: true });
  const part = `${tar}.part`;
  await rm(part, { force: true });
  say("Debian packages of the machines");
  const build = execa(
    "mmdebstrap",
    [
      "--variant=minbase",
      `--include=${packages}`,
      // Host keys and the machine's id are made at a machine's first boot: none is shared.
      "--customize-hook=rm -f $1/etc/ssh/ssh_host_* $1/etc/machine-id",
      "--customize-hook=touch $1/etc/machine-id",
      // K3s runs a containerd of its own.
      "--customize-hook=chroot $1 systemctl disable containerd.service ssh.socket",
      "--customize-hook=chroot $1 systemctl enable ssh.service",
      ...extras.map(({ hook }) => hook),
      // A machine asks the internet's addresses of the lab, never the computer's own mirrors.
      "--customize-hook=rm -f $1/etc/apt/sources.list $1/etc/apt/sources.list.d/*",
      "--format=tar",
      SUITE,
      part,
      ...(await debianSources(SUITE)),
    ],
    { all: true, stdin: "ignore" },
  );
  build.all.on("data", (line: Buffer) => {
    say(line.toString().trim().split("\n").at(-1) ?? "");
  });
  try {
    await build;
  } catch (error) {
    const said = lastLines(String((error as { all?: unknown }).all), 15);
    throw new Error(`the machines' root could not be built; mmdebstrap said:\n${said}`);
  }
  await rename(part, tar);
  return tar;
}
