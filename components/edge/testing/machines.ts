/**
 * Small machines of this computer, for tests that need real WireGuard and no lab: each has a network,
 * processes and folders of its own, and goes without a trace when its first process ends.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { mayStayUnread } from "../../../lab/stand-ins/command/input.ts";
import { CONDITION } from "../../../testing/patience.ts";

/** What a script on a machine came to. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Folders that a machine has for itself; what they hold on this computer stays untouched. */
const OWN = ["/root", "/home", "/run", "/var/lib", "/usr/local"];

/** Milliseconds between two looks at whether a socket is open or closed. */
const LOOK = 50;

/**
 * As much of a service manager as joining asks for: WireGuard's unit, and the socket of the hub's
 * enrolment, one process per connection as systemd starts them.
 */
const SYSTEMCTL = `#!/bin/bash
hook=/etc/systemd/system/wg-quick@fogline0.service.d/enrolment.conf
socket=/etc/systemd/system/fogline-enrolment.socket
sweeping=/run/fogline-enrolment-sweeping
enrolment='TCP-LISTEN:.*,bind='
listen() {
  listen=$(sed -n 's/^ListenStream=//p' $socket)
  pgrep -f "$enrolment" >/dev/null || setsid socat \\
    "TCP-LISTEN:\${listen#*:},bind=\${listen%:*},fork,reuseaddr" \\
    "SYSTEM:exec /usr/local/sbin/connection" \\
    >/dev/null 2>&1 &
  # A socket that systemd has started is open.
  for i in {1..${CONDITION / LOOK}}; do
    [ -z "$(ss -Hltn "sport = :\${listen#*:}")" ] || break
    sleep ${LOOK / 1000}
  done
}
close() {
  # One that it has stopped is closed, and whoever served it is gone.
  pkill -f "$enrolment"
  for i in {1..${CONDITION / LOOK}}; do
    pgrep -f "$enrolment" >/dev/null || break
    sleep ${LOOK / 1000}
  done
}
up() {
  wg-quick up fogline0 2>/dev/null
  [ ! -e $hook ] || sed -n 's/^ExecStartPost=//p' $hook | bash
}
case "$*" in
  "enable --quiet --now wg-quick@fogline0.service") up ;;
  "restart wg-quick@fogline0.service") wg-quick down fogline0 2>/dev/null; up ;;
  "disable --quiet --now wg-quick@fogline0.service") wg-quick down fogline0 2>/dev/null ;;
  "start fogline-enrolment.socket"* | *"--no-block start fogline-enrolment.socket"*) listen ;;
  "restart fogline-enrolment.socket"*) close; listen ;;
  # Its timer has just elapsed: what it started runs until it is stopped, too.
  "stop fogline-enrolment.socket"*) close; touch $sweeping ;;
  "stop fogline-enrolment-sweep.service"*) rm -f $sweeping ;;
  "daemon-reload") [ ! -e $sweeping ] || nft add table ip fogline_enrolment ;;
esac
exit 0
`;

/** A connection to the hub's enrolment: the steps of its unit, those without `+` as a user without rights. */
const CONNECTION = `#!/bin/bash
export REMOTE_ADDR=$SOCAT_PEERADDR RUNTIME_DIRECTORY=$(mktemp -d /run/connection.XXXXXX)
trap 'rm -rf "$RUNTIME_DIRECTORY"' EXIT
chown nobody "$RUNTIME_DIRECTORY"
mapfile -t steps < <(sed -n 's/^ExecStart=//p' /etc/systemd/system/fogline-enrolment@.service)
for step in "\${steps[@]}"; do
  case $step in
    +*) \${step#+} ;;
    *) setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs --inh-caps=-all \\
      --bounding-set=-all -- $step ;;
  esac || exit
done
`;

/** A line of shell that succeeds as soon as an address answers, and fails when it never does. */
export function pingOnce(address: string): string {
  return `ping -q -c 1 -w ${CONDITION / 1000} ${address}`;
}

/** A machine: Linux namespaces around a process that waits. */
export class TestMachine {
  private readonly first: number;

  private constructor(
    readonly name: string,
    private readonly holder: ChildProcess,
  ) {
    this.first = firstChildOf(holder.pid ?? 0);
  }

  static async start(name: string): Promise<TestMachine> {
    const holder = spawn(
      "unshare",
      [
        ...["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"],
        ...["bash", "-c", "echo up; exec sleep infinity"],
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once("data", () => {
        resolve();
      });
      holder.once("exit", (code) => {
        reject(new Error(`${name} did not start: unshare ended with ${String(code)}`));
      });
    });
    const machine = new TestMachine(name, holder);
    machine.must(
      `mount -t tmpfs own /mnt && cp -a /etc/. /mnt/ && mount --move /mnt /etc
       for folder in ${OWN.join(" ")}; do mount -t tmpfs own $folder; done
       rm -rf /etc/wireguard
       mkdir -p /run/wireguard /etc/wireguard /etc/sudoers.d /usr/local/sbin /usr/local/libexec
       ln -s /bin/true /usr/local/sbin/sudo
       ln -s /bin/true /usr/local/sbin/systemd-detect-virt # it is a container: its kernel is the host's
       rm -f /etc/ssh/ssh_host_* && ssh-keygen -A >/dev/null
       cat >/usr/local/sbin/systemctl <<'STUB'
${SYSTEMCTL}STUB
       cat >/usr/local/sbin/connection <<'STUB'
${CONNECTION}STUB
       chmod 0755 /usr/local/sbin/{systemctl,connection}
       ip link set lo up`,
    );
    return machine;
  }

  /**
   * Runs a script, with whatever arguments. What it prints goes into files: a pipe may still hold
   * words when its process has ended, and is kept open by a daemon that it started.
   */
  run(script: string, ...args: readonly string[]): Promise<Ran> {
    const folder = mkdtempSync(join(tmpdir(), "fogline-machine-"));
    const said = [join(folder, "stdout"), join(folder, "stderr")] as const;
    const files = said.map((path) => openSync(path, "w"));
    const child = spawn(
      "nsenter",
      [`--target=${this.first}`, "--mount", "--net", "--pid", "bash", "-s", "--", ...args],
      {
        env: {
          PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          HOME: "/root",
        },
        stdio: ["pipe", ...files],
      },
    );
    return new Promise<Ran>((resolve, reject) => {
      const { stdin } = child;
      if (stdin !== null) {
        // A script may end in its middle, and a machine before it.
        mayStayUnread(stdin, reject);
        stdin.end(script);
      }
      child.once("error", reject);
      child.once("exit", (code) => {
        const [stdout, stderr] = said.map((path) => readFileSync(path, "utf8"));
        resolve({ code: code ?? 255, stdout: stdout ?? "", stderr: stderr ?? "" });
      });
    }).finally(() => {
      files.forEach(closeSync);
      rmSync(folder, { recursive: true });
    });
  }

  /** Runs a short script that has to succeed; what it prints. */
  must(script: string): string {
    return execFileSync(
      "nsenter",
      [`--target=${this.first}`, "--mount", "--net", "--pid", "bash", "-euo", "pipefail", "-s"],
      { input: script, encoding: "utf8" },
    );
  }

  /** Lays a cable to another machine; each end gets an address with prefix. */
  cable(other: TestMachine, link: string, here: string, there: string): void {
    this.must(`ip link add ${link} type veth peer name ${link}-end`);
    // Moved from outside, where both machines' processes have numbers.
    execFileSync("nsenter", [
      ...[`--target=${this.first}`, "--net"],
      ...["ip", "link", "set", `${link}-end`, "netns", String(other.first)],
    ]);
    this.must(`ip address add ${here} dev ${link}; ip link set dev ${link} up`);
    other.must(`ip address add ${there} dev ${link}-end; ip link set dev ${link}-end up`);
  }

  stop(): void {
    this.holder.kill("SIGKILL");
  }
}

function firstChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}
