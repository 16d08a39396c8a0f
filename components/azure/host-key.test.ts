import { describe, expect, it } from "vitest";

import { hostKeyFrom } from "./host-key.ts";

const PLACE = { machine: "WorkerNode", resourceGroup: "CloudStep", runCommand: "host-key" };

describe("the host key of a machine", () => {
  it("is what its run command printed", () => {
    expect(hostKeyFrom({ output: "ssh-ed25519 AAAA\n", exitCode: 0 }, PLACE)).toBe(
      "ssh-ed25519 AAAA",
    );
  });

  it("cannot be told while the machine is deallocated, when there is no view", () => {
    expect(() => hostKeyFrom(undefined, PLACE)).toThrow(
      "fix: az vm start --resource-group CloudStep --name WorkerNode, and run up again",
    );
  });

  it("is none of what a command that failed printed", () => {
    const view = { output: "", exitCode: 1, error: "cut: no such file" };
    expect(() => hostKeyFrom(view, PLACE)).toThrow(
      /exit code 1, cut: no such file.*az vm run-command show .* --name host-key --instance-view/,
    );
    expect(() => hostKeyFrom({}, PLACE)).toThrow("exit code none, no error text");
  });
});
