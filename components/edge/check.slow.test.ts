/** What the check of a device finds, each at the level of the scripts, and that it changes nothing. */
import { afterEach, describe, expect, it } from "vitest";

import { BOOKWORM, FakeDevice, TRIXIE, UBUNTU, type Fixture } from "./testing/roots.ts";

const COMMAND_LINE = "boot/firmware/cmdline.txt";
const LINE = "console=tty1 root=LABEL=writable rootwait";
const NO_MEMORY = { "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids\n" };
const devices: FakeDevice[] = [];

function device(fixture: Fixture): FakeDevice {
  const made = new FakeDevice(fixture);
  devices.push(made);
  return made;
}

/** Raspberry Pi OS with something changed. */
function pi(change: Partial<Fixture>, files: Readonly<Record<string, string>> = {}): Fixture {
  return { ...TRIXIE, ...change, files: { ...TRIXIE.files, ...files } };
}

/** A Pi whose `ss` shows these listeners, TCP and UDP. */
function listening(tcp: string, udp = ""): Partial<Fixture> {
  return { commands: { ss: `case $* in *--tcp*) echo '${tcp}' ;; *) echo '${udp}' ;; esac` } };
}

/** The check refuses it for these reasons, no others, and leaves it as it is. */
function expectRefused(fixture: Fixture, ...reasons: readonly RegExp[]): void {
  const made = device(fixture);
  const before = made.snapshot();
  const { code, stderr } = made.check();
  expect(code, stderr).toBe(1);
  for (const reason of reasons) {
    expect(stderr).toMatch(reason);
  }
  expect(stderr).toContain(`${reasons.length} problem(s)`);
  expect(made.snapshot()).toBe(before);
}

/** The files of a device but one. */
function without(path: string, { files }: Fixture): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));
}

afterEach(() => {
  for (const made of devices.splice(0)) {
    made.remove();
  }
});

describe("the check of a device", () => {
  it.each([
    ["Raspberry Pi OS bookworm", BOOKWORM],
    ["Raspberry Pi OS trixie", TRIXIE],
    ["Ubuntu", UBUNTU],
  ])("passes %s and changes nothing", (_os, fixture) => {
    const made = device(fixture);
    const before = made.snapshot();
    const { code, stdout, stderr } = made.check();
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    expect(made.snapshot()).toBe(before);
  });

  const WORN = pi(listening('LISTEN 0 511 *:80 *:* users:(("nginx",pid=812,fd=6))'), {
    "etc/rancher/k3s/config.yaml": "",
    "proc/swaps": "Filename Type Size Used Priority\n/var/swap file 900000 800000 -2\n",
    "proc/meminfo": "MemTotal: 900000 kB\nMemAvailable: 100000 kB\n",
  });
  const REASONS = [
    /port 80\/tcp is taken by nginx/,
    /a K3s of its own/,
    /its swap \(dev-zram0\.swap\) has to go and holds 781 MiB, but only 97 MiB/,
  ];

  it("tells all problems at once", () => {
    expectRefused(WORN, ...REASONS);
  });

  it("is made once more before preparation changes anything", () => {
    const made = device(WORN);
    const before = made.snapshot();
    const { code, stderr } = made.run("create");
    expect([code, ...REASONS.filter((reason) => !reason.test(stderr))]).toEqual([1]);
    expect(made.snapshot()).toBe(before);
    expect(made.calls().join("\n")).not.toMatch(/set-ntp|install|mask|disable|reboot/);
  });
});

describe("a user without sudo", () => {
  it.each([
    ["sudo: a password is required", /asks pi for a password.*pi ALL=\(ALL\) NOPASSWD: ALL/],
    ["sudo: interactive authentication is required", /asks pi for a password.*visudo/],
    ["sudo: sorry, you must have a tty to run sudo", /Defaults:pi !requiretty/],
    ["pi is not in the sudoers file.", /pi may not use sudo.*visudo/],
    ["sudo: I'm sorry pi. I'm afraid I can't do that", /pi may not use sudo/],
    ["sudo: Account or password is expired", /has expired.*passwd/],
    ["sudo: /etc/sudo.conf is owned by uid 1000", /it says: .*owned by uid 1000/],
  ])("is refused where it says %j, with the rest of what is wrong", (said, reason) => {
    const fixture = pi({ commands: { sudo: `echo "${said}" >&2; exit 1` } }, { "etc/k0s/a": "" });
    const { code, stderr } = device(fixture).check();
    expect([code, stderr]).toEqual([1, expect.stringMatching(reason)]);
    expect(stderr).toContain("it has k0s");
  });

  it("is told to install it where there is none", () => {
    const { code, stderr } = device({ ...TRIXIE, lacks: ["sudo"] }).check();
    expect([code, stderr]).toEqual([1, expect.stringContaining("apt install sudo")]);
  });
});

describe("another Kubernetes", () => {
  it.each([
    ["usr/local/bin/k3s", "K3s", "k3s-uninstall.sh"],
    ["var/lib/rancher/k3s/server/db/state.db", "K3s", "k3s-uninstall.sh"],
    ["etc/systemd/system/k3s-agent.service", "K3s", "k3s-agent-uninstall.sh"],
    ["var/lib/rancher/rke2/agent/a", "RKE2", "rke2-uninstall.sh"],
    ["var/lib/k0s/pki/ca.crt", "k0s", "k0s reset"],
    ["var/snap/microk8s/current", "MicroK8s", "snap remove"],
    ["etc/kubernetes/kubelet.conf", "kubelet", "kubeadm reset"],
    ["var/lib/kubelet/config.yaml", "another Kubernetes has left", "restart the device"],
    ["sys/class/net/flannel.1", "another Kubernetes has left", "restart the device"],
  ])("is refused by /%s", (path, name, cure) => {
    expectRefused(pi({}, { [path]: "theirs" }), new RegExp(`${name}.*${cure}`));
  });

  it("is not what Fogline installed itself, whole or in part", () => {
    const ours = {
      ...{ "etc/rancher/k3s/config.yaml": "", "var/lib/rancher/k3s/agent/a": "" },
      ...{ "etc/systemd/system/k3s-agent.service": "", "var/lib/kubelet/a": "" },
      ...{ "sys/class/net/cni0": "", "sys/class/net/flannel.1": "" },
    };
    const links = { "usr/local/bin/k3s": "/usr/local/lib/fogline/k3s-00" };
    const { code, stderr } = device(pi({ links }, ours)).check();
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("is not another container runtime with networks of its own", () => {
    const files = { "etc/cni/net.d/87-podman.conflist": "{}", "usr/bin/dockerd": "" };
    expect(device(pi({}, files)).check().code).toBe(0);
  });
});

describe("a port that the node needs", () => {
  it.each([
    [
      "lighttpd",
      "0.0.0.0:80",
      /port 80\/tcp is taken by lighttpd \(process 812\), and the ingress/,
    ],
    ["pihole-FTL", "*:443", /port 443\/tcp is taken by pihole-FTL/],
    ["docker-proxy", "[::]:80", /port 80\/tcp is taken by docker-proxy.*a container publishes it/],
    ["kubelet", "127.0.0.1:10248", /port 10248\/tcp is taken by kubelet.*the kubelet needs it/],
    ["apache2", "192.168.1.50:80", /port 80\/tcp is taken by apache2/],
  ])("is named with %s, which has %s", (program, address, reason) => {
    const users = `users:(("${program}",pid=812,fd=6),("${program}",pid=813,fd=6))`;
    expectRefused(pi(listening(`LISTEN 0 511 ${address} 0.0.0.0:* ${users}`)), reason);
  });

  it("is named with the unit that has it", () => {
    const tcp = 'LISTEN 0 511 [::]:80 [::]:* users:(("lighttpd",pid=812,fd=6))';
    const cgroup = "0::/system.slice/lighttpd.service\n";
    expectRefused(
      pi(listening(tcp), { "proc/812/cgroup": cgroup }),
      /stop it \(sudo systemctl disable --now lighttpd\.service\), or have it listen on another/,
    );
  });

  it("is refused where the kernel has it, as for another VXLAN", () => {
    expectRefused(
      pi(listening("", "UNCONN 0 0 0.0.0.0:8472 0.0.0.0:*")),
      /port 8472\/udp is taken/,
    );
  });

  it("is free where the program listens on another address alone, or is Fogline's own", () => {
    const other = 'LISTEN 0 5 192.168.1.50:10248 0.0.0.0:* users:(("x",pid=7,fd=3))';
    expect(device(pi(listening(other))).check().stderr).toBe("");
    const tcp = [
      'LISTEN 0 5 *:80 *:* users:(("traefik",pid=900,fd=3))',
      'LISTEN 0 5 *:10250 *:* users:(("k3s-agent",pid=901,fd=3))',
    ].join("\n");
    const made = device(
      pi(
        {
          ...listening(tcp, "UNCONN 0 0 0.0.0.0:8472 0.0.0.0:*"),
          links: { "usr/local/bin/k3s": "/usr/local/lib/fogline/k3s-00" },
        },
        {
          "proc/900/cgroup": "0::/kubepods.slice/kubepods-burstable.slice/cri-1.scope\n",
          "proc/901/cgroup": "0::/system.slice/k3s-agent.service\n",
        },
      ),
    );
    expect(made.check().stderr).toBe("");
  });
});

describe("the kernel's command line", () => {
  const QUESTING = {
    ...UBUNTU,
    files: { ...UBUNTU.files, ...NO_MEMORY, "boot/firmware/config.txt": "" },
  };
  /** Preparation writes the flags to this file and to no other. */
  function expectWritten(files: Readonly<Record<string, string>>, path: string): void {
    const others = without(COMMAND_LINE, QUESTING);
    const made = device({ ...QUESTING, files: { ...others, ...files } });
    expect(made.check().stderr).toBe("");
    const { code, stderr } = made.run("create");
    expect(code, stderr).toBe(0);
    for (const [name, text] of Object.entries(files)) {
      expect(made.read(name).includes("cgroup_enable=memory"), name).toBe(name === path);
      expect(made.read(name)).toContain(text.trim());
    }
    made.run("delete");
    expect(made.read(path)).toBe(files[path]);
  }

  it.each([
    ["os_prefix", "[all]\nos_prefix=current/\n[tryboot]\nos_prefix=new/\n"],
    ["os_prefix behind Windows' line ends", "[all]\r\nos_prefix=current/\r\n"],
    [
      "a section of this board",
      "os_prefix=new/\n[pi4]\nos_prefix=current/\n[pi5]\nos_prefix=new/\n",
    ],
    ["an included file", "include more.txt\n"],
    [
      "the name of another file",
      "os_prefix=current/\ncmdline=cmdline.txt\n[none]\ncmdline=x.txt\n",
    ],
    [
      "conditions that only the firmware can tell",
      "[gpio4=1]\nos_prefix=new/\n[0x1234]\nos_prefix=current/\n",
    ],
  ])("is found by config.txt: %s", (_how, config) => {
    expectWritten(
      {
        "boot/firmware/config.txt": config,
        "boot/firmware/more.txt": "os_prefix=current/\n",
        "boot/firmware/current/cmdline.txt": `${LINE} fixrtc`,
        "boot/firmware/new/cmdline.txt": `${LINE} quiet`,
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/cmdline": `coherent_pool=1M ${LINE} fixrtc\n`,
      },
      "boot/firmware/current/cmdline.txt",
    );
  });

  it("is that of the partition where the prefix leads nowhere", () => {
    expectWritten(
      { "boot/firmware/config.txt": "os_prefix=lost/\n", [COMMAND_LINE]: `${LINE}\n` },
      COMMAND_LINE,
    );
  });

  it.each([
    "systemd.unified_cgroup_hierarchy=0",
    "systemd.unified_cgroup_hierarchy=false",
    "systemd.legacy_systemd_cgroup_controller",
  ])("must not ask for cgroup v1: %s", (word) => {
    const line = `${LINE} ${word} quiet\n`;
    const reason = new RegExp(`take ${word} out of /${COMMAND_LINE}`);
    expectRefused(pi({}, { [COMMAND_LINE]: line }), reason);
    const made = device(pi({}, { [COMMAND_LINE]: line }));
    expect(made.check({ CGROUPS: "any" }).code).toBe(0);
  });

  it("must not forbid to count memory", () => {
    const line = `${LINE} cgroup_disable=memory\n`;
    expectRefused(pi({}, { [COMMAND_LINE]: line }), /take cgroup_disable=memory out/);
  });

  it("needs a kernel with cgroup v2", () => {
    const files = without("sys/fs/cgroup/cgroup.controllers", UBUNTU);
    const v1 = { "proc/cgroups": "memory\t0\t64\t1\n" };
    expectRefused({ ...UBUNTU, files: { ...files, ...v1 } }, /it uses cgroup v1/);
  });
});

describe("a file system that keeps nothing", () => {
  const mounted = (kind: string, options: string, target = options): Partial<Fixture> => ({
    commands: {
      findmnt: `case $* in *SOURCE*) echo /dev/mmcblk0p2 ;; *FSTYPE*) echo ${kind} ;;
        *--target*) echo ${target} ;; *) echo ${options} ;; esac`,
    },
  });

  it("is a root in memory", () => {
    const line = { [COMMAND_LINE]: `overlayroot=tmpfs ${LINE}\n` };
    expectRefused(
      pi(mounted("overlay", "rw"), line),
      /kept in memory \(overlay, by overlayroot=tmpfs in \/boot\/firmware\/cmdline\.txt\).*disable_overlayfs/,
    );
    expectRefused(pi(mounted("tmpfs", "rw")), /kept in memory \(tmpfs\)/);
  });

  it.each([
    ["the command line", { [COMMAND_LINE]: `boot=overlay ${LINE}\n` }],
    ["overlayroot.conf", { "etc/overlayroot.conf": '# x\noverlayroot="tmpfs:recurse=0"\n' }],
  ])("is a root that will be in memory after the next restart, by %s", (_where, files) => {
    expectRefused(pi({}, files), /will be kept in memory from the next boot on/);
  });

  it("is a root or a boot partition that is mounted read-only", () => {
    expectRefused(
      pi(mounted("ext4", "ro,relatime", "rw")),
      /root file system is mounted read-only/,
    );
    expectRefused(
      pi(mounted("ext4", "rw", "ro,relatime")),
      /file system of \/boot\/firmware\/cmdline\.txt is mounted read-only.*disable_bootro/,
    );
  });

  it("does not matter on a boot partition that nothing is written to", () => {
    expect(device({ ...UBUNTU, ...mounted("ext4", "rw", "ro") }).check().stderr).toBe("");
  });

  it("is a full one", () => {
    const df = (line: string): Partial<Fixture> => ({
      commands: { df: `case $* in *-Pi*) echo; echo x 9 9 ;; *) echo; echo '${line}' ;; esac` },
    });
    expectRefused(pi(df("/dev/x 30000000 29500000 500000 99% /")), /its disk is too full: 488 MiB/);
  });
});

describe("a kernel", () => {
  const lacking = (...names: readonly string[]): Partial<Fixture> => ({
    commands: { modprobe: names.map((name) => `[[ $* != *" ${name}" ]] || exit 1`).join("\n") },
  });

  it("without modules is named with the package that has them", () => {
    const files = { "lib/modules/6.12.47-v8/modules.dep": "" };
    expectRefused(
      { ...UBUNTU, ...lacking("vxlan"), files: { ...UBUNTU.files, ...files } },
      /lacks the modules vxlan: sudo apt install linux-modules-extra-6\.12\.47-v8/,
    );
    const uname = "case $* in -r) echo 5.15.0-1061-raspi ;; *) echo aarch64 ;; esac";
    const raspi = { commands: { ...lacking("vxlan", "wireguard").commands, uname } };
    const dep = { "lib/modules/5.15.0-1061-raspi/modules.dep": "" };
    expectRefused(
      { ...UBUNTU, ...raspi, files: { ...UBUNTU.files, ...dep } },
      /lacks the modules vxlan wireguard: sudo apt install linux-modules-extra-raspi/,
    );
  });

  it("whose modules an update has taken away has to be restarted", () => {
    expectRefused(pi(lacking("br_netfilter")), /not there any more.*restart it/);
  });
});

describe("addresses at home", () => {
  const ip = (addresses: string, routes: string): Partial<Fixture> => ({
    commands: { ip: `case $* in *address*) echo '${addresses}' ;; *) echo '${routes}' ;; esac` },
  });
  const eth = "2: eth0    inet 192.168.1.50/24 brd 192.168.1.255 scope global eth0";

  it.each([
    [
      "the pods' range",
      "2: wlan0 inet 10.42.0.50/24 scope global",
      /10\.42\.0\.50\/24 of its wlan0 lies in the range of fogline:k3s\.podRange \(10\.42\.0\.0\/16\)/,
    ],
    ["the services' range", "3: br-1 inet 10.43.7.1/20 scope global", /fogline:k3s\.serviceRange/],
    ["the overlay's range", "2: eth0 inet 10.101.0.50/24 scope global", /fogline:overlay\.range/],
    ["the cloud's network", "2: eth0 inet 10.10.1.9/24 scope global", /fogline:cloud\.network/],
  ])("are refused inside %s", (_range, address, reason) => {
    expectRefused(pi(ip(address, "")), reason);
  });

  it("are refused where a range of the stack spans them", () => {
    const { code, stderr } = device(pi({})).check({
      RANGES: "fogline:k3s.podRange 192.168.0.0/16",
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining("192.168.1.50/24 of its eth0")]);
  });

  it("are told, and no more, where a member has worked with them so far", () => {
    const links = { "usr/local/bin/k3s": "/usr/local/lib/fogline/k3s-00" };
    const address = "2: eth0 inet 10.10.1.9/24 scope global";
    const { code, stderr } = device(pi({ ...ip(address, ""), links })).check();
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("warning: the address 10.10.1.9/24"),
    ]);
  });

  it("include routes, as a VPN's, but neither the default route nor Fogline's own", () => {
    const route = "10.101.0.0/16 via 10.8.0.1 dev tun0 metric 50";
    expectRefused(pi(ip(eth, route)), /the route to 10\.101\.0\.0\/16 of its tun0/);
    const ours = `default via 192.168.1.1 dev eth0\n0.0.0.0/1 via 10.8.0.1 dev tun0
10.101.0.0/16 dev fogline0 proto kernel scope link\n10.42.1.0/24 dev cni0\n10.42.0.0/24 via 10.42.0.0 dev flannel.1`;
    const own = `${eth}\n5: fogline0 inet 10.101.2.7/16 scope global\n6: cni0 inet 10.42.1.1/24 scope global`;
    expect(device(pi(ip(own, ours))).check().stderr).toBe("");
  });
});
