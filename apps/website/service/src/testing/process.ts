/** The built website as a process, as its image starts it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import { execa } from "execa";

import type { DatabaseSettings } from "../settings.ts";

const SERVICE = resolve(import.meta.dirname, "..", "..");
const PROJECT = resolve(SERVICE, "..", "..", "..");

/** Builds the website for its tests; returns the file to start. Its packages are the project's own. */
export async function build(): Promise<string> {
  const folder = join(PROJECT, ".fogline", "website");
  await execa("npx", ["--no-install", "tsc", "-p", SERVICE, "--outDir", folder], { cwd: PROJECT });
  await mkdir(join(folder, "browser"), { recursive: true });
  await copyFile(join(SERVICE, "src/browser/style.css"), join(folder, "browser/style.css"));
  return join(folder, "main.js");
}

/** One running website. */
export class WebsiteProcess {
  readonly lines: string[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Starts a website on a port that the system chooses and waits until it listens. */
  static async start(
    main: string,
    pod: string,
    database: DatabaseSettings,
    drainSeconds: number,
  ): Promise<WebsiteProcess> {
    const child = spawn(process.execPath, [main], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        PATH: process.env["PATH"],
        HOST: "127.0.0.1",
        PORT: "0",
        POD_NAME: pod,
        NODE_NAME: "test",
        DRAIN_SECONDS: String(drainSeconds),
        DATABASE_HOST: database.host,
        DATABASE_PORT: String(database.port),
        DATABASE_NAME: database.name,
        DATABASE_USER: database.user,
        DATABASE_PASSWORD_FILE: database.passwordFile,
        DATABASE_TIMEOUT_MS: String(database.timeoutMs),
      },
    });
    const output = createInterface(child.stdout);
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the website ended with ${String(code)} before it listened`);
    });
    // Once it listens, nobody waits for its end.
    ended.catch(() => undefined);
    const [first] = (await Promise.race([once(output, "line"), ended])) as [string];
    const url = /^Running on (http:\S+)$/.exec(first)?.[1];
    if (url === undefined) {
      throw new Error(`the website printed "${first}" instead of its address`);
    }
    const website = new WebsiteProcess(child, url);
    output.on("line", (line) => website.lines.push(line));
    return website;
  }

  /** Tells it to end, as Kubernetes does; resolves to its exit code once its output is read. */
  async terminate(): Promise<number | null> {
    const closed = once(this.child, "close") as Promise<[number | null]>;
    this.child.kill("SIGTERM");
    return (await closed)[0];
  }
}
