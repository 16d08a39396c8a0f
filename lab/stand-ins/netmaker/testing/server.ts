/** A Netmaker server of a test's own (default the stand-in) on a free port of this computer. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { openSync, closeSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { NetmakerClient } from "@fogline/pulumi-netmaker/api";
import { registration } from "@fogline/pulumi-netmaker/contract/registration";

import { CONDITION } from "../../../../testing/patience.ts";
import { ensureNetmaker } from "../../../toolchain/toolchain.ts";

/** The server and its broker, without which it would end after half a minute. */
export class TestNetmaker implements AsyncDisposable {
  readonly masterKey = randomBytes(24).toString("hex");
  readonly user = { username: "operator", password: randomBytes(24).toString("hex") };
  readonly url: string;
  /** Logs in as the super-admin, which has to be made first. */
  readonly client: NetmakerClient;
  private server: ChildProcess | undefined;
  private broker: ChildProcess | undefined;

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly isOwn: boolean,
    private readonly environment: Readonly<Record<string, string>>,
    private readonly port: number,
    private readonly brokerPort: number,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.client = new NetmakerClient({ url: this.url, credentials: this.user });
  }

  /**
   * Builds the server where it is not in the cache, and starts it with an empty database: in a folder
   * that goes with it, or in one that is given.
   *
   * @param program another server to start, e.g. the official one
   * @param environment settings beside its own, e.g. of a database; default none, which is SQLite
   */
  static async start(
    given?: string,
    program?: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<TestNetmaker> {
    const path = program ?? (await ensureNetmaker(() => undefined)).server.path;
    const folder = given ?? (await mkdtemp(join(tmpdir(), "fogline-netmaker-")));
    const ports = [await freePort(), await freePort()] as const;
    const netmaker = new TestNetmaker(path, folder, given === undefined, environment, ...ports);
    await netmaker.startBroker();
    await netmaker.restart();
    return netmaker;
  }

  /** Starts the stand-in and creates its super-admin `user`. */
  static async startWithUser(folder?: string): Promise<TestNetmaker> {
    const netmaker = await TestNetmaker.start(folder);
    await netmaker.client.server.createSuperAdmin(netmaker.user);
    return netmaker;
  }

  private async startBroker(): Promise<void> {
    const settings = join(this.folder, "mosquitto.conf");
    const open = `listener ${this.brokerPort} 127.0.0.1\nallow_anonymous true\npersistence false\n`;
    // As root it would change to its own user, who cannot read the settings.
    await writeFile(settings, `user root\n${open}`, { mode: 0o600 });
    this.broker = spawn("mosquitto", ["-c", settings], { stdio: "ignore" });
  }

  /** A machine enrols as netclient would; one of this name that has done so stays as it is. */
  async enrol(name: string, token: string): Promise<void> {
    if ((await this.client.hosts.list()).some((host) => host.name === name)) {
      return;
    }
    const answer = await fetch(`${this.url}/api/v1/host/register/${encodeURIComponent(token)}`, {
      method: "POST",
      body: JSON.stringify(registration(name)),
    });
    if (!answer.ok) {
      throw new Error(`${name} cannot enrol: ${await answer.text()}`);
    }
  }

  /** Ends the server, as a power cut would, and keeps what it has stored. */
  async kill(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    await end(server);
  }

  async restart(): Promise<void> {
    await this.kill();
    this.launch();
    await this.until("answer", () => this.answers());
    await this.until("find its broker", async () => {
      const { brokerConnected } = await this.client.server.status();
      return brokerConnected;
    });
  }

  /**
   * Starts it without its broker, and waits until it has ended by itself.
   *
   * @returns its exit code, and what it printed
   * @throws Error when it still runs long after the half minute for which it looks for it
   */
  async endsWithoutBroker(): Promise<{ readonly code: number | null; readonly words: string }> {
    await this.kill();
    await end(this.broker);
    const server = this.launch();
    const alarm = AbortSignal.timeout(CONDITION);
    await once(server, "exit", { signal: alarm }).catch((error: unknown) => {
      throw new Error(`${this.program} goes on without its broker`, { cause: error });
    });
    return { code: server.exitCode, words: this.words() };
  }

  private launch(): ChildProcess {
    const log = openSync(join(this.folder, "server.log"), "a");
    const server = spawn(this.program, {
      cwd: this.folder,
      stdio: ["ignore", log, log],
      env: {
        SERVER_NAME: "test",
        SERVER_HOST: "127.0.0.1",
        API_PORT: String(this.port),
        SERVER_API_CONN_STRING: `127.0.0.1:${this.port}`,
        BROKER_ENDPOINT: `mqtt://127.0.0.1:${this.brokerPort}`,
        MQ_USERNAME: "netmaker",
        MQ_PASSWORD: "of-a-broker-that-asks-for-none",
        MASTER_KEY: this.masterKey,
        // It asks public services for its own address at many calls: here they refuse at once.
        HTTPS_PROXY: "http://127.0.0.1:9",
        ...this.environment,
      },
    });
    closeSync(log);
    this.server = server;
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await end(this.broker);
    if (this.isOwn) {
      await rm(this.folder, { recursive: true });
    }
  }

  private async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + CONDITION;
    while (!(await holds())) {
      if (this.server?.exitCode !== null || Date.now() > deadline) {
        throw new Error(`${this.program} does not ${what}:\n${this.words()}`);
      }
      await setTimeout(50);
    }
  }

  private words(): string {
    return readFileSync(join(this.folder, "server.log"), "utf8");
  }

  private async answers(): Promise<boolean> {
    const answer = await fetch(`${this.url}/api/server/health`).catch(() => undefined);
    return answer?.ok === true;
  }
}

async function end(process: ChildProcess | undefined): Promise<void> {
  if (process?.exitCode === null && process.signalCode === null) {
    const ended = once(process, "exit");
    process.kill("SIGKILL");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
