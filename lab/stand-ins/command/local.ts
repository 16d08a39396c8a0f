/** Commands on this computer. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import { mayStayUnread } from "./input.ts";
import { Output, type Order, type Outcome } from "./outcome.ts";

/** Where and by what a command runs here. */
export interface Place {
  /** Program and arguments before the command; `/bin/sh -c` by default. */
  readonly interpreter?: readonly string[];
  readonly dir?: string;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Grace period after SIGTERM, in milliseconds. */
const GRACE = 2000;

/** What runs now; none of it outlives this process. */
const running = new Set<Child>();
process.on("exit", () => {
  for (const child of running) {
    kill(child, "SIGKILL");
  }
});

/**
 * Runs a command on this computer.
 *
 * @throws Error when it cannot be started, fails, or is stopped
 */
export function runLocal(place: Place, order: Order): Promise<Outcome> {
  const [program = "/bin/sh", ...args] =
    place.interpreter === undefined || place.interpreter.length === 0
      ? ["/bin/sh", "-c"]
      : place.interpreter;
  return new Promise((resolve, reject) => {
    if (order.signal.aborted) {
      reject(new Error("this computer: the command was cancelled"));
      return;
    }
    const output = new Output(order);
    const child = spawn(program, [...args, order.command], {
      ...(place.dir === undefined ? {} : { cwd: place.dir }),
      env: { ...process.env, ...order.environment, ...order.previous },
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: what the command started can be ended along with it.
      detached: true,
    });
    running.add(child);
    const stop = (): void => {
      kill(child, "SIGTERM");
      setTimeout(() => {
        kill(child, "SIGKILL");
      }, GRACE).unref();
    };
    order.signal.addEventListener("abort", stop, { once: true });
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8");
      child[stream].on("data", (part: string) => {
        output.add(stream, part);
      });
    }
    child.on("error", (error) => {
      running.delete(child);
      const where = place.dir === undefined ? "" : ` in ${place.dir}`;
      reject(new Error(`this computer: ${program} cannot be started${where}: ${error.message}`));
    });
    mayStayUnread(child.stdin, reject);
    child.stdin.end(order.stdin ?? "");
    child.on("close", (code, signal) => {
      running.delete(child);
      order.signal.removeEventListener("abort", stop);
      if (order.signal.aborted) {
        reject(output.failure("signal: killed", order.command));
      } else if (code === 0) {
        resolve(output.end());
      } else {
        const how = signal === null ? `exit status ${code ?? "unknown"}` : `signal: ${signal}`;
        reject(output.failure(how, order.command));
      }
    });
  });
}

function kill(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined || !running.has(child)) {
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The group may have ended since.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}
