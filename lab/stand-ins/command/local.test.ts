import { describe, expect, it } from "vitest";

import { runLocal } from "./local.ts";
import type { Order } from "./outcome.ts";

function order(command: string, more: Partial<Order> = {}): Order {
  return {
    command,
    stdin: undefined,
    environment: {},
    previous: {},
    shown: ["stdout", "stderr"],
    say: () => undefined,
    warn: () => undefined,
    signal: new AbortController().signal,
    ...more,
  };
}

describe("a local command", () => {
  it("has input, environment and folder, and gives back what it printed", async () => {
    const asked = order("cat; echo $NAME; pwd >&2", { stdin: "in\n", environment: { NAME: "n" } });
    expect(await runLocal({ dir: "/" }, asked)).toEqual({ stdout: "in\nn", stderr: "/" });
  });

  it("is run by its interpreter", async () => {
    const place = { interpreter: [process.execPath, "-e"] };
    expect((await runLocal(place, order("console.log(6 * 7)"))).stdout).toBe("42");
  });

  it("fails with its exit code, the command and what it printed", async () => {
    await expect(runLocal({}, order("echo why >&2; exit 7"))).rejects.toThrow(
      'exit status 7: running "echo why >&2; exit 7":\nwhy\n',
    );
  });

  it("fails when it cannot be started", async () => {
    await expect(runLocal({ interpreter: ["/no/such"] }, order("x"))).rejects.toThrow(
      "/no/such cannot be started",
    );
  });

  it("ends with all that it started when it is cancelled", async () => {
    const cancel = new AbortController();
    const say = (): void => {
      cancel.abort();
    };
    // The output is closed, and the promise settled, only when both have ended.
    const asked = order("sleep 60 & echo started; wait", { say, signal: cancel.signal });
    await expect(runLocal({}, asked)).rejects.toThrow("signal: killed");
  });
});
