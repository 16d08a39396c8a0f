/** Commands on this computer. */
import { spawn } from "node:child_process";

import { failure, Output, type Order, type Outcome } from "./outcome.ts";

/** Where and by what a command runs here. */
export interface Place {
  /** Program and arguments before the command; `/bin/sh -c` by default. */
  readonly interpreter?: readonly string[];
  readonly dir?: string;
}

/**
 * Runs a command on this computer.
 *
 * @throws Error when it cannot be started or fails
 */
export function runLocal(place: Place, order: Order): Promise<Outcome> {
  const [program, ...args] = place.interpreter ?? ["/bin/sh", "-c"];
  return new Promise((resolve, reject) => {
    const output = new Output(order.onLine);
    const child = spawn(program ?? "/bin/sh", [...args, order.command], {
      ...(place.dir === undefined ? {} : { cwd: place.dir }),
      env: { ...process.env, ...order.environment },
      signal: order.signal,
    });
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8");
      child[stream].on("data", (part: string) => {
        output.add(stream, part);
      });
    }
    child.on("error", reject);
    // A command that reads none of its input closes it early: no error of ours.
    child.stdin.on("error", () => undefined);
    child.stdin.end(order.stdin ?? "");
    child.on("close", (code, signal) => {
      const outcome = output.end();
      if (code === 0) {
        resolve(outcome);
      } else {
        const how = signal ?? `exit code ${code ?? "unknown"}`;
        reject(failure("this computer", `failed with ${how}`, outcome));
      }
    });
  });
}
