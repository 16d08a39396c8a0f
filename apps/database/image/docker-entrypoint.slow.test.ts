/** The image's entrypoint upon Debian's PostgreSQL of this computer, as an ordinary user. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { CONDITION } from "../../../testing/patience.ts";

const NOBODY = 65534;
const PORT = 5439;
const PASSWORD = "only-for-this-test";

let place: string;
let programs: string;
let server: ChildProcess | undefined;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "entrypoint-"));
  await chmod(place, 0o755);
  await copyFile(join(import.meta.dirname, "docker-entrypoint.sh"), join(place, "entrypoint"));
  await chmod(join(place, "entrypoint"), 0o755);
  await writeFile(join(place, "password"), `${PASSWORD}\n`);
  await mkdir(join(place, "volume"));
  await chown(join(place, "volume"), NOBODY, NOBODY);
  programs = join("/usr/lib/postgresql", (await readdir("/usr/lib/postgresql"))[0] ?? "", "bin");
});

afterEach(async () => {
  await end("SIGKILL");
  await rm(place, { recursive: true });
});

function environment(): Record<string, string> {
  return {
    PATH: `${programs}:/usr/bin:/bin`,
    PGDATA: join(place, "volume", "pgdata"),
    POSTGRES_USER: "poll",
    POSTGRES_DB: "poll",
    POSTGRES_PASSWORD_FILE: join(place, "password"),
  };
}

function start(): void {
  const sockets = `unix_socket_directories=${join(place, "volume")}`;
  const own = ["-c", sockets, "-c", "listen_addresses=127.0.0.1", "-p", String(PORT)];
  server = spawn(join(place, "entrypoint"), ["postgres", ...own], {
    cwd: place,
    env: environment(),
    uid: NOBODY,
    gid: NOBODY,
    stdio: "ignore",
    detached: true,
  });
}

/** Signals the entrypoint and all that it started, as the end of a container does. */
async function end(signal: NodeJS.Signals): Promise<number | null> {
  const running = server;
  server = undefined;
  if (running?.pid === undefined || running.exitCode !== null) {
    return running?.exitCode ?? null;
  }
  const closed = once(running, "exit");
  process.kill(signal === "SIGKILL" ? -running.pid : running.pid, signal);
  return ((await closed) as [number | null])[0];
}

async function ask(sql: string, password = PASSWORD): Promise<unknown> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: PORT,
    user: "poll",
    database: "poll",
    password,
  });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows[0];
  } finally {
    await client.end();
  }
}

async function answers(): Promise<void> {
  await vi.waitFor(() => ask("SELECT 1"), { timeout: CONDITION, interval: 50 });
}

describe("the entrypoint", () => {
  it("makes the database at the first start and keeps it at the next", async () => {
    start();
    await answers();
    await ask("CREATE TABLE kept AS SELECT 42 AS n");
    expect(await ask("SHOW data_checksums")).toEqual({ data_checksums: "on" });
    await expect(ask("SELECT 1", "wrong")).rejects.toThrow(/password authentication failed/);
    expect(await end("SIGINT")).toBe(0);
    start();
    await answers();
    expect(await ask("SELECT n FROM kept")).toEqual({ n: 42 });
  });

  it("begins anew after a first start that was cut off", async () => {
    start();
    await expect
      .poll(() => readdir(join(place, "volume")), { interval: 5 })
      .toContain("pgdata.new");
    await end("SIGKILL");
    start();
    await answers();
    expect(await ask("SELECT current_database() AS name")).toEqual({ name: "poll" });
    expect(await readdir(join(place, "volume"))).not.toContain("pgdata.new");
  });

  it.each([
    ["without a password", { POSTGRES_PASSWORD_FILE: "" }, "POSTGRES_PASSWORD_FILE must name"],
    ["with what it does not support", { POSTGRES_PASSWORD: "x" }, "POSTGRES_PASSWORD is not"],
  ])("refuses to start %s", async (_, variables, message) => {
    const { exitCode, stderr } = await execa(join(place, "entrypoint"), ["postgres"], {
      cwd: place,
      reject: false,
      extendEnv: false,
      env: { ...environment(), ...variables },
      uid: NOBODY,
      gid: NOBODY,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
  });
});
