/** A stand-in server of a test's own, on a free port of this computer. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { openSync, closeSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { NetmakerClient } from "../../../../components/overlay/netmaker/api/index.ts";
import { registration } from "../../../../components/overlay/netmaker/contract/registration.ts";
import { ensureNetmaker } from "../../../toolchain/toolchain.ts";

/** How long the server may take to answer, milliseconds: it starts in well under a second. */
const PATIENCE = 20_000;

/** The server without a broker: the API works, and hosts are told of nothing. */
export class TestNetmaker implements AsyncDisposable {
  readonly masterKey = randomBytes(24).toString("hex");
  readonly user = { username: "operator", password: randomBytes(24).toString("hex") };
  readonly url: string;
  /** Logs in as the super-admin, which has to be made first. */
  readonly client: NetmakerClient;
  private server: ChildProcess | undefined;

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly port: number,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.client = new NetmakerClient({ url: this.url, credentials: this.user });
  }

  /** Builds the server where it is not in the cache, and starts it with an empty database. */
  static async start(): Promise<TestNetmaker> {
    const { server } = await ensureNetmaker(() => undefined);
    const folder = await mkdtemp(join(tmpdir(), "fogline-netmaker-"));
    const netmaker = new TestNetmaker(server.path, folder, await freePort());
    await netmaker.restart();
    return netmaker;
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
    if (server?.exitCode === null) {
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
    }
  }

  async restart(): Promise<void> {
    await this.kill();
    const words = join(this.folder, "server.log");
    const log = openSync(words, "a");
    const server = spawn(this.program, {
      cwd: this.folder,
      stdio: ["ignore", log, log],
      env: {
        SERVER_NAME: "test",
        SERVER_HOST: "127.0.0.1",
        API_PORT: String(this.port),
        SERVER_API_CONN_STRING: `127.0.0.1:${this.port}`,
        BROKER_ENDPOINT: "mqtt://127.0.0.1:9",
        MQ_USERNAME: "netmaker",
        MQ_PASSWORD: "unused-as-there-is-no-broker",
        MASTER_KEY: this.masterKey,
      },
    });
    closeSync(log);
    this.server = server;
    const deadline = Date.now() + PATIENCE;
    while (!(await this.answers())) {
      if (server.exitCode !== null || Date.now() > deadline) {
        throw new Error(`the stand-in server does not answer:\n${readFileSync(words, "utf8")}`);
      }
      await setTimeout(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true });
  }

  private async answers(): Promise<boolean> {
    const answer = await fetch(`${this.url}/api/server/health`).catch(() => undefined);
    return answer?.ok === true;
  }
}

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
