/** The scripts of faults, on this computer: in namespaces of their own where they change anything. */
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { render, type Values } from "../../components/remote/render.ts";
import { createGroups, members, removeGroups } from "../../lab/machines/cgroup.ts";
import { leak } from "./out-of-memory.ts";

let place: string;
let started: ChildProcess[];

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "faults-"));
  started = [];
});

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      // With the processes that it has started.
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await ended;
    }
  }
  await rm(place, { recursive: true });
});

function script(name: string, values: Values): string {
  return render(readFileSync(join(import.meta.dirname, "scripts", `${name}.sh`), "utf8"), values);
}

/** Programs that stand for a machine's, before all others. */
async function stub(name: string, text: string): Promise<void> {
  await mkdir(join(place, "bin"), { recursive: true });
  await writeFile(join(place, "bin", name), `#!/bin/bash\n${text}\n`);
  await chmod(join(place, "bin", name), 0o755);
}

/** Keeps what systemd is to run in the end, which no test waits for. */
async function stubTimer(): Promise<void> {
  await stub("systemd-run", `cd ${place}; touch timer; printf '%s\\n' "$@" >later`);
}

/** Runs what systemd was to run, and says when it was to. */
async function timeIsOver(): Promise<string | undefined> {
  const words = (await readFile(join(place, "later"), "utf8")).trimEnd().split("\n");
  const [command = "", ...args] = words.filter((word) => !word.startsWith("--"));
  await execa(command, args, { env: path() });
  return words.find((word) => word.startsWith("--on-active"));
}

/** Does something to K3s, which goes on by itself after three minutes. */
function k3s(action: string): string {
  return script("k3s", { ACTION: action, LIMIT: "180" });
}

function path(): { readonly PATH: string } {
  return { PATH: `${join(place, "bin")}:${process.env["PATH"] ?? ""}` };
}

function start(command: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  started.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [data] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return data.toString().trim();
}

const stateOf = (id: number): string =>
  /^State:\s+(\S)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? "";

describe("K3s that hangs", () => {
  it("is stopped with its parts, containerd goes on, and all go on when it does", async () => {
    const text = `for name in /opt/bin/k3s containerd; do
        (exec -a "$name" sleep 600) & all+=($!); done; echo "\${all[*]}"; wait`;
    const main = start("bash", "-c", text);
    const ids = (await firstLine(main)).split(" ").map(Number);
    const [part = 0, containerd = 0] = ids;
    await expect
      .poll(() => readFileSync(`/proc/${containerd}/cmdline`, "utf8"))
      .toMatch(/^containerd/);
    await stub("systemctl", `case $1 in cat) exit 1 ;; show) echo ${main.pid ?? 0} ;; esac`);
    await stubTimer();
    const run = (action: string) => execa("bash", ["-s"], { input: k3s(action), env: path() });
    await run("freeze");
    await expect.poll(() => [main.pid ?? 0, part].map(stateOf)).toEqual(["T", "T"]);
    expect(stateOf(containerd)).toBe("S");
    await run("thaw");
    await expect.poll(() => [main.pid ?? 0, part].map(stateOf)).toEqual(["S", "S"]);
    // Nobody thaws it: the machine does so itself when the time is over.
    await run("freeze");
    await expect.poll(() => [main.pid ?? 0, part].map(stateOf)).toEqual(["T", "T"]);
    expect(await timeIsOver()).toBe("--on-active=180");
    await expect.poll(() => [main.pid ?? 0, part].map(stateOf)).toEqual(["S", "S"]);
  });

  it("that does not run cannot be stopped, and needs nothing to go on", async () => {
    await stub("systemctl", "case $1 in show) echo 0 ;; is-active) exit 3 ;; esac");
    await stubTimer();
    const run = (action: string) =>
      execa("bash", ["-s"], { input: k3s(action), env: path(), reject: false });
    expect(await run("freeze")).toMatchObject({ exitCode: 1, stderr: "k3s.service does not run" });
    expect((await run("thaw")).exitCode).toBe(0);
  });
});

describe("K3s that is stopped", () => {
  /** What systemctl is asked to change, in its order. */
  const asked = async (): Promise<string[]> =>
    (await readFile(join(place, "asked"), "utf8")).trimEnd().split("\n");

  beforeEach(async () => {
    const looks = "cat) ;; show) echo 0 ;; is-active) [ -e timer ] ;;";
    await stub(
      "systemctl",
      `cd ${place}; case $1 in ${looks} *) echo "$*" >>asked; case $* in "stop fogline"*) rm timer ;; esac ;; esac`,
    );
    await stubTimer();
  });

  it("is started by its machine when nobody does", async () => {
    await execa("bash", ["-s"], { input: k3s("stop"), env: path() });
    expect(await asked()).toEqual(["stop k3s.service"]);
    expect(await timeIsOver()).toBe("--on-active=180");
    expect((await asked()).at(-1)).toBe("start k3s.service");
  });

  it("has one timer, which goes when it is started", async () => {
    for (const action of ["stop", "stop", "start"]) {
      await execa("bash", ["-s"], { input: k3s(action), env: path() });
    }
    expect(await asked()).toEqual([
      "stop k3s.service",
      "stop fogline-fault-k3s.timer",
      "stop k3s.service",
      "reset-failed k3s.service",
      "start k3s.service",
      "stop fogline-fault-k3s.timer",
    ]);
  });
});

describe("a container that is killed", () => {
  const id = `${"0123456789abcdef".repeat(3)}${process.pid.toString(16).padStart(16, "0")}`;

  afterEach(() => {
    removeGroups(id);
  });

  it("ends with its first process, which its group tells", async () => {
    const groups = createGroups(id, { cpus: 1, memoryMiB: 64 });
    const join =
      'for file in "$@"; do echo $$ >"$file"; done; echo; exec unshare --pid --fork sleep 600';
    const container = start("bash", "-c", join, "-", ...groups);
    await firstLine(container);
    const ended = once(container, "exit");
    await expect.poll(() => members(id)).toHaveLength(2);
    await execa("bash", ["-s"], { input: script("container-kill", { CONTAINER: id }) });
    await ended;
    expect(members(id)).toEqual([]);
    const again = { input: script("container-kill", { CONTAINER: id }), reject: false } as const;
    expect((await execa("bash", ["-s"], again)).stderr).toContain("no process of the container");
  });
});

describe("a full volume", () => {
  /** In mounts of its own, with a folder that stands for the volume. */
  async function inMounts(steps: string, contained = 0): Promise<string> {
    await stub("systemd-detect-virt", `exit ${contained}`);
    const volume = join(place, "pvc-1_website_data-database-0");
    await mkdir(join(volume, "pgdata"), { recursive: true });
    await writeFile(join(volume, "pgdata", "votes"), "dog\n");
    for (const action of ["limit", "fill", "empty", "restore"]) {
      const values = { ACTION: action, FOLDER: volume, OF: "database", SPACE: "8" };
      await writeFile(join(place, action), script("disk", values));
    }
    const input = `set -euo pipefail\nmount -t tmpfs tmpfs /run\ncd ${place}\nvolume=${volume}\n${steps}`;
    const { stdout, stderr, exitCode } = await execa("unshare", ["--mount", "bash", "-s"], {
      ...{ input, env: path(), reject: false },
    });
    return exitCode === 0 ? stdout : stderr;
  }

  it("takes not a byte more, has space again, and is what it was with what came meanwhile", async () => {
    const said = await inMounts(`
      bash limit; bash limit
      echo cat >>"$volume/pgdata/votes"
      bash fill
      # A file takes no page more.
      ! head -c 4097 /dev/zero >"$volume/more" 2>/dev/null
      rm "$volume/more"
      bash empty
      echo cow >>"$volume/pgdata/votes"
      findmnt --noheadings --output FSTYPE --mountpoint "$volume"
      bash restore; bash restore
      ! mountpoint --quiet "$volume"
      ls "$volume" /run; ls`);
    expect(said.split("\n")[0]).toBe("tmpfs");
    expect(said).not.toContain("fogline-copy");
    const votes = join(place, "pvc-1_website_data-database-0", "pgdata", "votes");
    expect(await readFile(votes, "utf8")).toBe("dog\ncat\ncow\n");
  });

  it("is put back from where it was, when that was ended half way", async () => {
    await inMounts(`
      bash limit
      echo cat >>"$volume/pgdata/votes"
      mkdir "$volume.fogline-copy.part"; touch "$volume.fogline-copy.part/half"
      bash restore
      mkdir "$volume.fogline-copy"; cp -a "$volume/." "$volume.fogline-copy"
      rm -r "$volume"
      bash restore`);
    const votes = join(place, "pvc-1_website_data-database-0", "pgdata", "votes");
    expect(await readFile(votes, "utf8")).toBe("dog\ncat\n");
  });

  it("is not made where a disk is its host's, nor moved where it is the machine's own", async () => {
    expect(await inMounts("bash fill")).toContain("has no file system of its own");
    expect(await inMounts("OF=machine; sed -i s/OF=.*/OF=machine/ fill; bash fill")).toContain(
      "is a folder of its host",
    );
    expect(await inMounts("bash limit", 1)).toContain("fix: fill that");
  });
});

describe("a registry that is gone", () => {
  it("refuses connections to its address, which others have as well, and answers again", async () => {
    const file = join(place, "registries.yaml");
    await writeFile(file, 'mirrors:\n  docker.io:\n    endpoint: ["http://192.0.2.10:5000"]\n');
    const values = { REGISTRIES: file };
    for (const [name, others] of [
      ["refuse", { ACTION: "refuse", LIMIT: "7200" }],
      ["pause", { ACTION: "refuse", LIMIT: "1" }],
      ["admit", { ACTION: "admit" }],
    ] as const) {
      await writeFile(join(place, name), script("registry", { ...values, ...others }));
    }
    const { stdout } = await execa("unshare", ["--net", "bash", "-euo", "pipefail", "-s"], {
      input: `
        ip link set lo up; ip address add 192.0.2.10/32 dev lo
        cd ${place}
        socat TCP-LISTEN:5000,fork,reuseaddr SYSTEM:true & one=$!
        socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:true & other=$!
        trap 'kill $one $other' EXIT
        open() { timeout 5 bash -c "exec 3<>/dev/tcp/192.0.2.10/$1" 2>/dev/null && echo "$1 open" || echo "$1 refused"; }
        until [ "$(open 5000) $(open 8080)" = "5000 open 8080 open" ]; do :; done
        bash refuse; bash refuse
        open 5000; open 8080
        bash admit; bash admit
        open 5000
        # Nobody admits them: the kernel does.
        bash pause
        until [ "$(open 5000)" = "5000 open" ]; do :; done`,
    });
    expect(stdout.split("\n")).toEqual(["5000 refused", "8080 open", "5000 open"]);
  });

  it("is not known where K3s was told of none", async () => {
    const values = { ACTION: "refuse", REGISTRIES: join(place, "none.yaml"), LIMIT: "7200" };
    const { stderr } = await execa("unshare", ["--net", "bash", "-s"], {
      ...{ input: script("registry", values), reject: false },
    });
    expect(stderr).toContain("names no mirror");
  });
});

describe("a process without memory", () => {
  it("keeps what it is told to by a debugger, until something ends it", async () => {
    const port = 20_000 + (process.pid % 10_000);
    const program = "process.stdout.write('up');setInterval(()=>{},1000)";
    const child = start(process.execPath, `--inspect-port=${port}`, "--eval", program);
    await firstLine(child);
    const size = (): number =>
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, "utf8"))?.[1]);
    const before = size();
    const MiB = 1024;
    const { exitCode, stdout, stderr } = await execa(
      process.execPath,
      ["--eval", leak(child.pid ?? 0, 64 * MiB * MiB, port)],
      { reject: false },
    );
    // 64 MiB and 8 parts of 8 MiB: it has no limit here, which the command says.
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: "still there",
      stderr: "",
    });
    expect(size() - before).toBeGreaterThan(120 * MiB);
  });
});
