import { describe, expect, it } from "vitest";

import { runLocal } from "./local.ts";
import { orderOf } from "./testing/order.ts";

describe("a local command", () => {
  it("has input, environment and folder, and gives back what it printed", async () => {
    const asked = orderOf("cat; echo $NAME; pwd >&2", {
      stdin: "in\n",
      environment: { NAME: "n" },
    });
    expect(await runLocal({ dir: "/" }, asked)).toEqual({ stdout: "in\nn", stderr: "/" });
  });

  it("is run by its interpreter", async () => {
    const place = { interpreter: [process.execPath, "-e"] };
    expect((await runLocal(place, orderOf("console.log(6 * 7)"))).stdout).toBe("42");
  });

  it("fails with its exit code, the command and what it printed", async () => {
    await expect(runLocal({}, orderOf("echo why >&2; exit 7"))).rejects.toThrow(
      'exit status 7: running "echo why >&2; exit 7":\nwhy\n',
    );
  });

  it("fails when it cannot be started", async () => {
    await expect(runLocal({ interpreter: ["/no/such"] }, orderOf("x"))).rejects.toThrow(
      "/no/such cannot be started",
    );
  });

  it("ends with all that it started when it is cancelled", async () => {
    const cancel = new AbortController();
    const say = (): void => {
      cancel.abort();
    };
    // The output is closed, and the promise settled, only when both have ended.
    const asked = orderOf("sleep 60 & echo started; wait", { say, signal: cancel.signal });
    await expect(runLocal({}, asked)).rejects.toThrow("signal: killed");
  });
});
