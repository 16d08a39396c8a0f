/** A machine for K3s' scripts: a folder for its root, and commands that stand in for its system's. */
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";

import { mayStayUnread } from "../../../lab/stand-ins/command/input.ts";
import { render } from "../../remote/render.ts";
import { readScript } from "../../remote/script.ts";

/** How a script ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const { username } = userInfo();

/** systemd, as far as one unit of K3s needs it: it notes a start as the unit's own command does. */
const SYSTEMCTL = `
case "$1 $*" in
  is-active*) [ -e "$STATE/active" ] ;;
  show*NeedDaemonReload*) if [ -e "$STATE/stale" ]; then echo yes; else echo no; fi ;;
  show*InvocationID*) cat "$STATE/starts" 2>/dev/null || true ;;
  daemon-reload*) rm -f "$STATE/stale" ;;
  restart*k3s-reach | restart*k3s-gate | restart*k3s-leases) ;;
  restart*)
    [ ! -e "$STATE/broken" ] || { rm "$STATE/broken"; exit 1; }
    echo x >>"$STATE/starts"
    touch "$STATE/active"
    "$ROOT/usr/local/lib/fogline/k3s-inputs" >"$ROOT/run/fogline-k3s-inputs"
    [ ! -e "$ROOT/usr/local/bin/k3s" ] || "$ROOT/usr/local/bin/k3s" started ;;
esac`;

/** A certificate that ended on 1 January 2026. */
export const EXPIRED = `-----BEGIN CERTIFICATE-----
MIHEMHgCAQEwBQYDK2VwMA8xDTALBgNVBAMMBHRlc3QwHhcNMjUwMTAxMDAwMDAw
WhcNMjYwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDAR0ZXN0MCowBQYDK2VwAyEAU/AO
rIqIPxulshQilHL5l0YWzjNouC0HUva16UY6kKYwBQYDK2VwA0EAW+fgPzRWvPQT
uJs3NngqKwge6WRm9tZOyXnclJy9ZcDifEX4bnjpbosVqsu4JV4h8EVuuf97IcTd
crh+TzM3BQ==
-----END CERTIFICATE-----
`;

/** A version of K3s, and whether its node is Ready. */
export function k3s(version: string, ready = true): string {
  return `#!/bin/sh
echo "k3s $*" >>"$STATE/log"
case "$*" in
  --version) echo "k3s version ${version} (abc)" ;;
  *"get node"*) echo "${ready ? "True" : "False"} ${version}" ;;
  *"get pods"*"eq .type"*) cat "$STATE/ready-pods" 2>/dev/null || true ;;
  *"get pods"*) cat "$STATE/pods" 2>/dev/null || true ;;
  started) ;;
  "secrets-encrypt status") echo "Encryption Status: Enabled" ;;
  "token rotate") echo "K10aa::server:rotated" >"$ROOT/var/lib/rancher/k3s/server/token" ;;
esac
`;
}

const PROGRAMS: Readonly<Record<string, string>> = {
  systemctl: SYSTEMCTL,
  journalctl: 'cat "$STATE/journal" 2>/dev/null || true',
  // The clock is looked at by a request without a file.
  curl: `while [ $# -gt 0 ]; do [ "$1" != --output ] || { cp "$STATE/served" "$2"; exit; }; shift; done`,
  // The kernel is that of the computer that runs the tests: nothing here sets its values.
  sysctl: "exit 1",
  "systemd-detect-virt": "exit 1",
  getent: `echo "${username}:x:0:0::$ROOT/home/user:/bin/bash"`,
};

/** A machine whose root is a folder; what its commands were asked is kept. */
export class FakeMachine {
  readonly root = mkdtempSync(join(tmpdir(), "fogline-root-"));
  private readonly state = mkdtempSync(join(tmpdir(), "fogline-state-"));

  constructor() {
    for (const folder of ["run", "usr/local/bin", "etc/profile.d", "home/user"]) {
      mkdirSync(join(this.root, folder), { recursive: true });
    }
    mkdirSync(join(this.state, "bin"));
    for (const [name, text] of Object.entries(PROGRAMS)) {
      const log = `echo "${name} $*" >>"$STATE/log"`;
      const file = join(this.state, "bin", name);
      writeFileSync(file, `#!/bin/sh\n${log}\n${text}\n`, { mode: 0o755 });
    }
    for (const name of ["k3s", "kubectl"]) {
      symlinkSync(join(this.root, "usr/local/bin/k3s"), join(this.state, "bin", name));
    }
  }

  /** A command that the machine has besides. */
  command(name: string, text: string): void {
    writeFileSync(join(this.state, "bin", name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  }

  /** What is at the address of K3s' binary; its sum. */
  serve(binary: string): string {
    writeFileSync(join(this.state, "served"), binary);
    return createHash("sha256").update(binary).digest("hex");
  }

  /** A program `k3s` that was there before. */
  install(program: string): void {
    this.write("usr/local/bin/k3s", program, 0o755);
  }

  /**
   * Runs a script as the program does.
   *
   * @param parts paths of its parts
   * @param action all but the removal of K3s, which ends processes of the whole computer (TestMachine has its own)
   * @param deaf whether nobody hears what the script says, as after a broken connection
   */
  async run(
    parts: readonly string[],
    action: "create" | "update" | "delete",
    values: Readonly<Record<string, string>>,
    deaf = false,
  ): Promise<Ran> {
    if (action === "delete" && parts.some((part) => part.endsWith("/install.sh"))) {
      throw new Error("K3s is not removed from a folder: its removal works on the whole computer");
    }
    const text = render(readScript(parts), { ADMIN: username, ...values });
    const moved = text.replaceAll(
      /(?<![\w.$}/*])\/(etc|usr\/local|var\/lib|run)\//g,
      `${this.root}/$1/`,
    );
    const env = {
      PATH: `${join(this.state, "bin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
      STATE: this.state,
      ROOT: this.root,
    };
    const child = spawn("/bin/bash", ["-s", "--", action], { env });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (data: Buffer) => (said.stdout += data.toString()));
    if (deaf) {
      child.stderr.destroy();
    } else {
      child.stderr.on("data", (data: Buffer) => (said.stderr += data.toString()));
    }
    mayStayUnread(child.stdin);
    child.stdin.end(moved);
    const code = await new Promise<number>((resolve) => {
      child.on("close", (exitCode) => {
        resolve(exitCode ?? 255);
      });
    });
    return { code, ...said };
  }

  /** What was asked of the system, one line a call; forgotten afterwards. */
  calls(): string[] {
    const log = join(this.state, "log");
    const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    rmSync(log, { force: true });
    return lines;
  }

  /** How often K3s was started since the last look. */
  starts(): number {
    const restarts = this.calls().filter((call) => call.startsWith("systemctl restart"));
    return restarts.filter((call) => !/fogline-k3s-(follow|reach|gate)$/.test(call)).length;
  }

  /** Marks a state of the fake system, e.g. `broken`: the next start fails. */
  mark(state: "active" | "broken" | "stale"): void {
    writeFileSync(join(this.state, state), "");
  }

  /** What kubectl says of the node's pods: all of them, and those that are ready. */
  pods(name: "pods" | "ready-pods", text: string): void {
    writeFileSync(join(this.state, name), text);
  }

  /** What the unit's journal says. */
  journal(text: string): void {
    writeFileSync(join(this.state, "journal"), text);
  }

  /** A certificate that is good for some days. */
  certificate(path: string, days: number): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    const options = ["-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=test"];
    const files = ["-days", String(days), "-keyout", `${file}.key`, "-out", file];
    execFileSync("openssl", ["req", ...options, ...files], { stdio: "ignore" });
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  /** A file's permission bits. */
  mode(path: string): number {
    return statSync(join(this.root, path)).mode & 0o777;
  }

  write(path: string, text: string, mode = 0o600): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text, { mode });
  }

  /** Every file with its content. */
  snapshot(): string {
    const list = "find . | sort; find . -type f | sort | xargs md5sum";
    return execFileSync("bash", ["-c", list], { cwd: this.root, encoding: "utf8" });
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
    rmSync(this.state, { recursive: true });
  }
}
