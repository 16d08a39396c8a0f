/**
 * Two nodes of this computer, for tests that need a node to fall silent: each is a network of its own that has
 * pods' addresses, with a cable between them, as flannel lays its routes. Needs root, no lab.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Range of all pods. */
export const POD_RANGE = "10.42.0.0/16";
/** Port that pods listen on. */
export const POD_PORT = 8080;

/** Drops every packet, as a computer without power does: nobody is told. */
const SILENCE = `nft 'add table ip silence
  add chain ip silence in { type filter hook prerouting priority -300; policy drop; }
  add chain ip silence out { type filter hook output priority -300; policy drop; }'`;

/** A pod: says who it is; sheds load when it is told to; keeps a request for as long as it is told to. */
const POD = `const [port, ...pods] = process.argv.slice(1);
let up = 0;
for (const pod of pods) {
  require("node:http").createServer((request, response) => {
    response.statusCode = request.headers["x-busy"] === "yes" ? 503 : 200;
    response.end(pod);
  }).listen(Number(port), pod, () => {
    up += 1;
    if (up === pods.length) console.log("up");
  });
}`;

/** A node: a network, and processes in it. */
export class TestNode {
  private readonly children: ChildProcess[] = [];

  /**
   * @param number of its part of the pods' range, 10.42.number.0/24
   * @param holder process that keeps the network
   */
  private constructor(
    readonly number: number,
    private readonly holder: ChildProcess,
  ) {}

  static async start(number: number): Promise<TestNode> {
    const holder = spawn("unshare", ["--net", "sh", "-c", "echo up; exec sleep infinity"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const node = new TestNode(number, holder);
    node.must("ip link set lo up");
    return node;
  }

  /** Its part of the pods' range. */
  get subnet(): string {
    return `10.42.${this.number}.0/24`;
  }

  /** Address of its end of the pods' network. */
  get gateway(): string {
    return `10.42.${this.number}.0`;
  }

  /** Lays the cable to another node. */
  connect(other: TestNode): void {
    this.must(`ip link add pods type veth peer name pods netns ${other.holder.pid ?? 0}`);
    for (const [near, far] of [
      [this, other],
      [other, this],
    ] as const) {
      near.must(`ip address add ${near.gateway}/32 dev pods; ip link set pods up`);
      const source = `onlink src ${near.gateway}`;
      near.must(`ip route add ${far.subnet} via ${far.gateway} dev pods ${source}`);
    }
  }

  /** Starts pods at the addresses .2, .3, … of its part; their addresses. */
  async pods(count: number): Promise<string[]> {
    const pods = Array.from({ length: count }, (_, i) => `10.42.${this.number}.${i + 2}`);
    this.must(pods.map((pod) => `ip address add ${pod}/32 dev lo`).join("; "));
    const servers = this.spawn([process.execPath, "-e", POD, String(POD_PORT), ...pods]);
    if (servers.stdout === null) {
      throw new Error("the pods' output is read");
    }
    await once(servers.stdout, "data");
    return pods;
  }

  silence(): void {
    this.must(SILENCE);
  }

  speak(): void {
    this.must("nft delete table ip silence");
  }

  /** Runs a short script that has to succeed; what it prints. */
  must(script: string): string {
    const [command = "", ...args] = this.inside(["bash", "-euo", "pipefail", "-s"]);
    return execFileSync(command, args, { input: script, encoding: "utf8" });
  }

  /** Starts a program that runs until the node is stopped, or until it is killed. */
  spawn(program: readonly string[]): ChildProcess {
    const [command = "", ...args] = this.inside(program);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
    this.children.push(child);
    return child;
  }

  async stop(): Promise<void> {
    for (const child of [...this.children].reverse()) {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        const ended = once(child, "exit");
        // With the processes that it has started.
        process.kill(-child.pid, "SIGKILL");
        await ended;
      }
    }
    const ended = once(this.holder, "exit");
    this.holder.kill("SIGKILL");
    await ended;
  }

  private inside(program: readonly string[]): string[] {
    return ["nsenter", `--target=${this.holder.pid ?? 0}`, "--net", ...program];
  }
}
