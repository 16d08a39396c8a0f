/** Visitors for tests: requests at a constant rate, none of which waits for another's answer. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import type { TestNode } from "./nodes.ts";

/** An answer, or why there was none. */
export interface Visited {
  /** HTTP status, or the code of the error. */
  readonly outcome: string;
  /** Milliseconds that it took. */
  readonly took: number;
  /** Whether it went over a connection that others had used. */
  readonly reused: boolean;
}

/**
 * Twenty a second, each on a connection of its own, and as many one after the other on one that is kept. A request
 * on a kept connection that closes before any of the answer is sent again on another one, as browsers do
 * (RFC 9110, 9.2.2).
 */
const PROGRAM = `const [host] = process.argv.slice(1);
const http = require("node:http");
const kept = new http.Agent({ keepAlive: true, maxSockets: 1 });
const tell = (visited) => console.log(JSON.stringify(visited));
function visit(agent, began, done) {
  const request = http.get({ host, port: 80, agent }, (response) => {
    response.resume().on("end", () => {
      tell({ outcome: String(response.statusCode), took: Date.now() - began, reused: agent === kept });
      done();
    });
  });
  request.on("error", (error) => {
    if (request.reusedSocket) {
      visit(agent, began, done);
    } else {
      tell({ outcome: error.code, took: Date.now() - began, reused: agent === kept });
      done();
    }
  });
}
setInterval(() => visit(false, Date.now(), () => undefined), 50);
const next = () => visit(kept, Date.now(), () => setTimeout(next, 50));
next();`;

/** Visitors that come until they are told to stay away. */
export class Visitors {
  readonly all: Visited[] = [];

  private constructor(private readonly child: ChildProcess) {}

  /** @param host address of the ingress controller's node, as another node has it */
  static start(from: TestNode, host: string): Visitors {
    const child = from.spawn([process.execPath, "-e", PROGRAM, host]);
    if (child.stdout === null) {
      throw new Error("what visitors tell is read");
    }
    const visitors = new Visitors(child);
    createInterface(child.stdout).on("line", (line) => {
      visitors.all.push(JSON.parse(line) as Visited);
    });
    return visitors;
  }

  /** How they fared, each outcome once. */
  get outcomes(): string[] {
    return [...new Set(this.all.map(({ outcome }) => outcome))].sort();
  }

  async end(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
  }
}
