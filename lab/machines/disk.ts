/** What a machine's disk holds at its first boot: Debian, its address, its user, its key. */
import { existsSync } from "node:fs";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { execa } from "execa";

import { FABRIC, MACHINES } from "../layout.ts";
import { controllers } from "./cgroup.ts";
import type { MachineSpec } from "./spec.ts";

/** Folder of a machine's disk. */
export function diskOf(machine: string): string {
  return join(MACHINES, machine);
}

/** Makes the disk, unless the machine has one already: a power cycle keeps it. */
export async function createDisk(spec: MachineSpec, tar: string): Promise<void> {
  const disk = diskOf(spec.name);
  if (existsSync(disk)) {
    return;
  }
  const part = join(MACHINES, `.${spec.name}.part`);
  await rm(part, { recursive: true, force: true, maxRetries: 20 });
  await mkdir(part, { recursive: true, mode: 0o755 });
  // Were this process killed, a tar that goes on would write into the next one's copy.
  const tied = ["--pdeathsig", "KILL", "tar"];
  await execa("setpriv", [...tied, "-xf", tar, "-C", part, "--numeric-owner", "--xattrs"]);
  await writeSystem(part, spec);
  await addUser(part, spec);
  await rename(part, disk);
}

/**
 * The NIC's address, as the network's owner handed it out. A script rather than
 * systemd-networkd, which waits for udev where /sys is writable, and no container has udev.
 */
export async function writeNetwork(
  disk: string,
  { address, gateway }: Pick<MachineSpec, "address" | "gateway">,
): Promise<void> {
  await writeFile(
    join(disk, "usr/local/sbin/lab-network"),
    `#!/bin/sh\nset -e\nip address replace ${address} dev host0\nip link set host0 up\n` +
      `ip route replace default via ${gateway}\n`,
  );
}

async function writeSystem(disk: string, spec: MachineSpec): Promise<void> {
  await rm(join(disk, "etc/resolv.conf"), { force: true });
  const files: Record<string, string> = {
    "etc/hostname": `${spec.hostname}\n`,
    "etc/hosts": `127.0.0.1 localhost\n127.0.1.1 ${spec.hostname}\n`,
    // Nobody answers names in the lab; a resolver must be named all the same.
    "etc/resolv.conf": `nameserver ${FABRIC.services}\noptions timeout:1 attempts:1\n`,
    "etc/ssh/sshd_config.d/10-lab.conf": "PasswordAuthentication no\nPermitRootLogin no\n",
    // Host keys are made at the first boot; Debian makes them when the package is installed.
    "etc/systemd/system/ssh.service.d/10-host-keys.conf":
      "[Service]\nExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n",
    "etc/systemd/journald.conf.d/10-lab.conf": "[Journal]\nStorage=persistent\nSystemMaxUse=64M\n",
    "etc/systemd/system/lab-network.service":
      "[Unit]\nDescription=Network interface\nDefaultDependencies=no\nAfter=local-fs.target\n" +
      "Before=network.target network-online.target\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n" +
      "ExecStart=/bin/sh /usr/local/sbin/lab-network\n\n[Install]\nWantedBy=multi-user.target network-online.target\n",
    ...legacyControllers(),
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(disk, path, ".."), { recursive: true });
    await writeFile(join(disk, path), text);
  }
  const units = ["lab-network.service"];
  if (controllers().length > 0) {
    units.push("lab-cgroups.service");
  }
  await execa("chroot", [disk, "systemctl", "enable", ...units]);
}

/** On a host with cgroup v1, systemd-nspawn mounts the controllers read-only or not at all. */
function legacyControllers(): Record<string, string> {
  const mounts = controllers().map(
    (name) =>
      `mkdir -p /sys/fs/cgroup/${name}\n` +
      `mountpoint -q /sys/fs/cgroup/${name} || mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}\n` +
      `mount -o remount,bind,rw /sys/fs/cgroup/${name}`,
  );
  return mounts.length === 0
    ? {}
    : {
        "usr/local/sbin/lab-cgroups": `#!/bin/sh\nset -e\nmount -o remount,rw /sys/fs/cgroup\n${mounts.join("\n")}\n`,
        "etc/systemd/system/lab-cgroups.service":
          "[Unit]\nDescription=Mount the cgroup v1 controllers\nDefaultDependencies=no\n" +
          "Before=sysinit.target\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n" +
          "ExecStart=/bin/sh /usr/local/sbin/lab-cgroups\n\n[Install]\nWantedBy=sysinit.target\n",
      };
}

async function addUser(disk: string, { user, authorizedKey }: MachineSpec): Promise<void> {
  await execa("chroot", [disk, "useradd", "--create-home", "--shell", "/bin/bash", user]);
  const ssh = join(disk, "home", user, ".ssh");
  await mkdir(ssh, { recursive: true, mode: 0o700 });
  await writeFile(join(ssh, "authorized_keys"), `${authorizedKey}\n`, { mode: 0o600 });
  await execa("chroot", [disk, "chown", "-R", `${user}:${user}`, `/home/${user}/.ssh`]);
  // A fixed name: sudo passes over files whose name holds a dot, as a user's may.
  const sudoers = join(disk, "etc/sudoers.d/administrator");
  await writeFile(sudoers, `${user} ALL=(ALL) NOPASSWD: ALL\n`);
  await chmod(sudoers, 0o440);
}
