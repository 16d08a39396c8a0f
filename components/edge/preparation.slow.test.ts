import { afterEach, describe, expect, it } from "vitest";

import {
  BOOKWORM,
  FakeDevice,
  PLAIN,
  running,
  TRIXIE,
  UBUNTU,
  type Fixture,
} from "./testing/roots.ts";

const FLAGS = " cgroup_memory=1 cgroup_enable=memory";
const COMMAND_LINE = "boot/firmware/cmdline.txt";
const devices: FakeDevice[] = [];

function device(fixture: Fixture): FakeDevice {
  const made = new FakeDevice(fixture);
  devices.push(made);
  return made;
}

/** The device after its restart, with the flags at work. */
function restart(pi: FakeDevice): void {
  pi.write("proc/sys/kernel/random/boot_id", "22222222-second\n");
  pi.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
}

afterEach(() => {
  for (const made of devices.splice(0)) {
    made.remove();
  }
});

describe("preparing a device", () => {
  it.each([
    ["Raspberry Pi OS bookworm", BOOKWORM, "fsck.repair=yes rootwait"],
    ["Raspberry Pi OS trixie", TRIXIE, "cfg80211.ieee80211_regdom=DE"],
  ])(
    "running %s puts the flags on the right command line and restarts once",
    (_os, fixture, end) => {
      const pi = device(fixture);
      const first = pi.run("create");
      expect([first.code, first.stdout], first.stderr).toEqual([0, "11111111-first\n"]);
      expect(pi.read(COMMAND_LINE)).toMatch(new RegExp(`${end}${FLAGS}\n$`));
      expect(pi.read(COMMAND_LINE).split("\n")).toHaveLength(2);
      expect(pi.calls().filter((call) => call.includes("systemctl reboot"))).toHaveLength(1);
      restart(pi);
      const booted = pi.run("create", { ENDED: first.stdout.trim() }, "booted.sh");
      expect([booted.code, booted.stderr]).toEqual([0, expect.stringContaining("has restarted")]);
      const again = pi.run("update");
      expect([again.code, again.stdout]).toEqual([0, ""]);
      expect(pi.calls().filter((call) => call.includes("reboot"))).toEqual([]);
    },
  );

  it("takes no login between the order to restart and the restart", () => {
    const pi = device(BOOKWORM);
    pi.run("create");
    const calls = pi.calls();
    const order = calls.findIndex((call) => call.includes("systemctl reboot"));
    expect(calls.slice(order + 1)).toContain("systemctl stop ssh.socket");
    expect(calls.slice(order + 1)).toContain("systemctl stop ssh.service");
  });

  it("leaves the note in /boot alone that stands there since bookworm", () => {
    const pi = device(BOOKWORM);
    pi.run("create");
    expect(pi.read("boot/cmdline.txt")).toBe(BOOKWORM.files["boot/cmdline.txt"]);
  });

  it("uses the old place where that is the one", () => {
    const { [COMMAND_LINE]: line = "", ...files } = BOOKWORM.files;
    const pi = device({ ...BOOKWORM, files: { ...files, "boot/cmdline.txt": line } });
    expect(pi.run("create").code).toBe(0);
    expect(pi.read("boot/cmdline.txt")).toContain(FLAGS);
  });

  it("adds only the flag that is missing", () => {
    const line = "root=/dev/mmcblk0p2 cgroup_enable=memory rootwait\n";
    const pi = device({ ...BOOKWORM, files: { ...BOOKWORM.files, [COMMAND_LINE]: line } });
    pi.run("create");
    expect(pi.read(COMMAND_LINE)).toBe(line.replace("\n", " cgroup_memory=1\n"));
  });

  it("restarts nothing where memory is counted already, as on Ubuntu", () => {
    const pi = device(UBUNTU);
    const { code, stdout } = pi.run("create");
    expect([code, stdout]).toEqual([0, ""]);
    expect(pi.read(COMMAND_LINE)).toBe(UBUNTU.files[COMMAND_LINE]);
    expect(pi.calls().join("\n")).not.toContain("reboot");
  });

  it("turns the swap file off on bookworm and zram on trixie", () => {
    const [bookworm, trixie] = [device(BOOKWORM), device(TRIXIE)];
    bookworm.run("create");
    trixie.run("create");
    expect(bookworm.calls()).toContain("systemctl disable --quiet --now dphys-swapfile.service");
    expect(trixie.calls()).toContain("systemctl mask --quiet --now -- dev-zram0.swap");
  });

  it("keeps the log in memory on an SD card, and where it is on a disk", () => {
    const [card, disk] = [device(UBUNTU), device({ ...UBUNTU, disk: "/dev/sda2" })];
    card.run("create");
    disk.run("create");
    expect(card.read("etc/systemd/journald.conf.d/60-fogline.conf")).toBe(
      "[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\n",
    );
    expect(disk.snapshot()).not.toContain("60-fogline.conf");
  });

  it("changes nothing but its own notes on a plain machine, and asks for no restart", () => {
    const plain = device(PLAIN);
    const { code, stdout, stderr } = plain.run("create");
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    // Questions alone, none of which waits: nothing is started, stopped, installed or synchronized.
    expect(new Set(plain.calls().map((call) => call.split(" ")[0]))).toEqual(
      new Set(["uname", "dpkg", "systemd-detect-virt", "id", "ip", "ss", "nft", "df"]),
    );
    plain.run("delete");
    expect(plain.snapshot()).toBe(device(PLAIN).snapshot());
  });
});

describe("giving a device back", () => {
  it.each([
    ["Raspberry Pi OS bookworm", BOOKWORM],
    ["Raspberry Pi OS trixie", TRIXIE],
    ["Ubuntu", UBUNTU],
    ["a Pi without WireGuard's tools", { ...BOOKWORM, lacks: ["wg-quick"] }],
  ])("restores every file of %s", (_os, fixture) => {
    const pi = device(fixture);
    const before = pi.snapshot();
    pi.run("create");
    const { code, stderr } = pi.run("delete");
    expect([code, stderr]).toEqual([0, ""]);
    expect(pi.snapshot()).toBe(before);
  });

  it("undoes each change that it made", () => {
    const pi = device({ ...TRIXIE, lacks: ["wg-quick"] });
    pi.run("create");
    // What Kubernetes and the overlay set meanwhile.
    pi.write("proc/sys/net/ipv4/ip_forward", "1\n");
    pi.write("proc/sys/kernel/panic", "10\n");
    pi.calls();
    pi.run("delete");
    const calls = pi.calls();
    expect(calls).toContain("systemctl unmask --quiet -- dev-zram0.swap");
    expect(calls).toContain("systemctl start -- dev-zram0.swap");
    expect(calls.join("\n")).toMatch(/apt-get .*purge -y -qq wireguard-tools/);
    expect(pi.read("proc/sys/net/ipv4/ip_forward")).toBe("0\n");
    expect(pi.read("proc/sys/kernel/panic")).toBe("0\n");
  });

  it("keeps what somebody else changed on the command line since", () => {
    const pi = device(BOOKWORM);
    pi.run("create");
    pi.write(COMMAND_LINE, pi.read(COMMAND_LINE).replace("\n", " quiet\n"));
    pi.run("delete");
    const original = BOOKWORM.files[COMMAND_LINE] ?? "";
    expect(pi.read(COMMAND_LINE)).toBe(original.replace("\n", " quiet\n"));
  });

  it("has nothing to do on a device that was never prepared", () => {
    const pi = device(BOOKWORM);
    const before = pi.snapshot();
    expect(pi.run("delete").code).toBe(0);
    expect(pi.snapshot()).toBe(before);
  });
});

describe("what a device lacks", () => {
  const BARE = { ...BOOKWORM, lacks: ["curl", "ping", "wg", "wg-quick"] };

  it("is installed at once, after its clock is right, and noted with what it brings along", () => {
    const apt = `case $* in *--simulate*)
      echo "Inst libcurl4 [7.88.1] (7.88.2 Debian)"
      echo "Inst curl (7.88.1 Debian)"; echo "Inst libssh2-1 (1.10 Debian)" ;; esac`;
    const pi = device({ ...BARE, commands: { "apt-get": apt } });
    const { code, stderr } = pi.run("create");
    expect(code, stderr).toBe(0);
    const calls = pi.calls();
    const install = calls.findIndex((call) => /install -y/.test(call));
    expect(calls[install]).toMatch(/ wireguard-tools curl iputils-ping$/);
    expect(calls.slice(0, install)).toContain("timedatectl set-ntp true");
    expect(calls.slice(install).join("\n")).not.toContain("set-ntp");
    // What was there before in another version is the owner's.
    expect(pi.read("var/lib/fogline/before/packages")).toBe("curl\nlibssh2-1\n");
  });

  it("is refused by name where it cannot be installed, and may be tried again", () => {
    const apt = "case $* in *update*|*--simulate*) ;; *) exit 100 ;; esac";
    const pi = device({ ...BARE, commands: { "apt-get": apt } });
    const { code, stderr } = pi.run("create");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("cannot install wireguard-tools curl iputils-ping"),
    ]);
    expect(stderr).toContain("its clock says");
    expect(pi.read(COMMAND_LINE)).toBe(BOOKWORM.files[COMMAND_LINE]);
  });

  it("stays when other packages need it by the time the device leaves", () => {
    const apt = `case $* in *install*--simulate*) echo "Inst curl (7 D)"; echo "Inst wireguard-tools (1 D)" ;;
      *purge*--simulate*curl) echo "Purg curl [7]"; echo "Remv homebridge [1]" ;; esac`;
    const pi = device({ ...BARE, commands: { "apt-get": apt } });
    pi.run("create");
    pi.calls();
    const { code, stderr } = pi.run("delete");
    expect([code, stderr]).toEqual([0, expect.stringContaining("keeps curl, which other")]);
    expect(pi.calls().filter((call) => call.includes("purge -y"))).toEqual([
      expect.stringMatching(/purge -y -qq wireguard-tools$/),
    ]);
  });
});

describe("swap of the owner's", () => {
  const OWN = "etc/systemd/system/swapfile.swap";
  const SWAP = { ...UBUNTU, swap: ["swapfile.swap"] };
  const units = `printf 'swapfile.swap loaded active active Swap\\n'`;
  /** A unit file cannot be masked, as systemd says. */
  const systemctl = `case "$*" in is-*) exit 1 ;; list-units*) ${units} ;;
    mask*) echo "Failed to mask unit: File already exists." >&2; exit 1 ;; esac`;

  it("by a unit of its own is held by a condition, and comes back", () => {
    const own = { ...SWAP, files: { ...SWAP.files, [OWN]: "[Swap]\nWhat=/swapfile\n" } };
    const pi = device({ ...own, commands: { systemctl } });
    const before = pi.snapshot();
    const { code, stderr } = pi.run("create");
    expect([code, stderr]).toEqual([0, expect.stringContaining("swapfile.swap")]);
    expect(pi.read(`${OWN}.d/fogline.conf`)).toBe(
      "[Unit]\nConditionPathExists=!/var/lib/fogline/before/swap-held\n",
    );
    expect(pi.calls()).toContain("systemctl stop -- swapfile.swap");
    pi.run("delete");
    expect(pi.snapshot()).toBe(before);
    expect(pi.calls()).toContain("systemctl start -- swapfile.swap");
  });

  it("by a service is turned off with the service", () => {
    const service = `case "$*" in "is-enabled --quiet zramswap.service") ;; is-*) exit 1 ;; esac`;
    const pi = device({ ...UBUNTU, commands: { systemctl: service } });
    pi.run("create");
    expect(pi.calls()).toContain("systemctl disable --quiet --now zramswap.service");
    pi.run("delete");
    expect(pi.calls()).toContain("systemctl enable --quiet --now zramswap.service");
  });
});

describe("a return that fails in part", () => {
  it("goes on with the rest, keeps its notes, and is completed by the next run", () => {
    const broken = `[ ! -e "$ROOT/broken" ] || case $* in *purge*) exit 100 ;; esac
      case $* in *install*--simulate*) echo "Inst wireguard-tools (1.0 Debian)" ;; esac`;
    const pi = device({ ...TRIXIE, lacks: ["wg-quick"], commands: { "apt-get": broken } });
    const before = pi.snapshot();
    pi.run("create");
    pi.write("broken", "");
    const failed = pi.run("delete");
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringContaining("could not put everything back ( remove_packages )"),
    ]);
    expect(pi.read(COMMAND_LINE)).toBe(TRIXIE.files[COMMAND_LINE]);
    expect(pi.calls()).toContain("systemctl start -- dev-zram0.swap");
    pi.erase("broken");
    expect(pi.run("delete").code).toBe(0);
    expect(pi.snapshot()).toBe(before);
  });
});

describe("a device is refused, and nothing of it changed,", () => {
  it.each([
    ["with a 32-bit kernel", { ...BOOKWORM, kernel: "armv7l", userland: "armhf" }, "64-bit image"],
    ["with 32-bit programs under a 64-bit kernel", { ...BOOKWORM, userland: "armhf" }, "armhf"],
    [
      "running 32-bit Raspbian",
      { ...running("Raspbian 12", "raspbian", "12"), userland: "armhf" },
      "64-bit image",
    ],
    ["running bullseye", running("Debian GNU/Linux 11 (bullseye)", "debian", "11"), "too old"],
    ["running Ubuntu 20.04", running("Ubuntu 20.04.6 LTS", "ubuntu", "20.04"), "22.04 or newer"],
    ["running Alpine", running("Alpine Linux v3.22", "alpine", "3.22.1"), "is not supported"],
    ["running something unnamed", { ...PLAIN, files: {} }, "does not say what it is"],
    [
      "of another processor than the settings say",
      { ...UBUNTU, userland: "riscv64" },
      "fogline:edge[].arch",
    ],
    [
      "whose kernel lacks the memory cgroup where no cmdline.txt is",
      { ...PLAIN, files: { ...PLAIN.files, "sys/fs/cgroup/cgroup.controllers": "cpu\n" } },
      "boot it with cgroup_memory=1",
    ],
    [
      "whose kernel ignores the flags that it has",
      {
        ...BOOKWORM,
        files: { ...BOOKWORM.files, [COMMAND_LINE]: `root=/dev/mmcblk0p2${FLAGS}\n` },
      },
      "update its kernel",
    ],
  ])("%s", (_what, fixture: Fixture, reason) => {
    const pi = device(fixture);
    const before = pi.snapshot();
    const { code, stderr } = pi.run("create");
    expect(pi.snapshot()).toBe(before);
    expect([code, stderr]).toEqual([1, expect.stringContaining(reason)]);
    expect(stderr).toMatch(/^raspberrypi: /m);
    expect(pi.calls().join("\n")).not.toContain("reboot");
  });

  it("that did not restart when it had to", () => {
    const pi = device(BOOKWORM);
    const { stdout } = pi.run("create");
    const booted = pi.run("create", { ENDED: stdout.trim() }, "booted.sh");
    expect([booted.code, booted.stderr]).toEqual([1, expect.stringContaining("did not restart")]);
  });

  it("that does not count memory after the restart either", () => {
    const pi = device(BOOKWORM);
    const { stdout } = pi.run("create");
    pi.write("proc/sys/kernel/random/boot_id", "22222222-second\n");
    const booted = pi.run("create", { ENDED: stdout.trim() }, "booted.sh");
    expect([booted.code, booted.stderr]).toEqual([1, expect.stringContaining("/proc/cmdline")]);
  });
});
