/** A real PostgreSQL for tests: Debian's, on a Unix socket in a folder of its own. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import pg from "pg";

import type { DatabaseSettings } from "../settings.ts";

/** PostgreSQL refuses to run as root: it then runs as `nobody`. */
const NOBODY = 65534;
const USER = "poll";
const PORT = 5432;

/** A server that runs until it is disposed of. */
export class TestPostgres implements AsyncDisposable {
  private databases = 0;

  private constructor(
    private readonly folder: string,
    private readonly programs: string,
  ) {}

  static async start(): Promise<TestPostgres> {
    const folder = await mkdtemp(join(tmpdir(), "poll-"));
    const server = new TestPostgres(folder, findPrograms());
    await writeFile(server.passwordFile, `${randomBytes(12).toString("hex")}\n`, { mode: 0o600 });
    if (server.user !== undefined) {
      await chown(folder, server.user, server.user);
      await chown(server.passwordFile, server.user, server.user);
    }
    await server.run("initdb", [
      `--username=${USER}`,
      `--pwfile=${server.passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C.UTF-8",
      "--no-sync",
      server.data,
    ]);
    await server.launch();
    return server;
  }

  /** Makes an empty database and tells how to reach it. */
  async database(timeoutMs = 2000): Promise<DatabaseSettings> {
    this.databases += 1;
    const settings = {
      host: this.folder,
      port: PORT,
      name: `poll_${this.databases}`,
      user: USER,
      passwordFile: this.passwordFile,
      timeoutMs,
      connections: 5,
    };
    await this.query("postgres", `CREATE DATABASE ${settings.name}`);
    return settings;
  }

  /** Runs one statement as the superuser. */
  async query(database: string, sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = await this.client(database);
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Runs one statement in a transaction that stays open until it is released. */
  async hold(database: string, sql: string): Promise<{ release: () => Promise<void> }> {
    const client = await this.client(database);
    await client.query(`BEGIN; ${sql}`);
    return { release: () => client.end() };
  }

  /** Makes a user who owns a database and is no superuser, as limits bind none. */
  async role(database: DatabaseSettings): Promise<DatabaseSettings> {
    const user = `owner_of_${database.name}`;
    const password = (await readFile(this.passwordFile, "utf8")).trim();
    await this.query("postgres", `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
    await this.query("postgres", `ALTER DATABASE ${database.name} OWNER TO ${user}`);
    return { ...database, user };
  }

  /** Starts it after a `crash`. */
  async launch(): Promise<void> {
    const options = `-c listen_addresses='' -c max_connections=60 -p ${PORT} -k ${this.folder}`;
    const log = join(this.folder, "log");
    await this.run("pg_ctl", ["start", "-w", "-D", this.data, "-l", log, "-o", options]);
  }

  /** Ends it at once, as a power cut does: clients are cut, what was acknowledged is kept. */
  async crash(): Promise<void> {
    await this.run("pg_ctl", ["stop", "-w", "-m", "immediate", "-D", this.data]);
  }

  /** Stops its processes (`SIGSTOP`) or lets them go on (`SIGCONT`): it is there, and silent. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    const main = Number(readFileSync(join(this.data, "postmaster.pid"), "utf8").split("\n")[0]);
    const children = readFileSync(`/proc/${main}/task/${main}/children`, "utf8");
    for (const pid of [main, ...children.trim().split(" ").map(Number)]) {
      process.kill(pid, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    await rm(this.folder, { recursive: true });
  }

  private async client(database: string): Promise<pg.Client> {
    const client = new pg.Client({
      host: this.folder,
      port: PORT,
      user: USER,
      database,
      password: (await readFile(this.passwordFile, "utf8")).trim(),
    });
    // Whoever uses it hears of a crash; unheard, this event would end the process.
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  private get user(): number | undefined {
    return process.getuid?.() === 0 ? NOBODY : undefined;
  }

  private get data(): string {
    return join(this.folder, "data");
  }

  private get passwordFile(): string {
    return join(this.folder, "password");
  }

  private async run(program: string, args: readonly string[]): Promise<void> {
    await execa(join(this.programs, program), args, {
      cwd: this.folder,
      stdin: "ignore",
      // Not a pipe: the server would inherit it, and keep it open after pg_ctl has ended.
      stdout: "ignore",
      stderr: "inherit",
      ...(this.user === undefined ? {} : { uid: this.user, gid: this.user }),
    });
  }
}

/** The newest PostgreSQL that Debian's packages installed. */
function findPrograms(): string {
  const versions = "/usr/lib/postgresql";
  const newest = readdirSync(versions)
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => b - a)[0];
  if (newest === undefined) {
    throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  }
  return join(versions, String(newest), "bin");
}
