import { describe, expect, it } from "vitest";

import { hostKeyFrom, type ExtensionView } from "./host-key.ts";

const PLACE = { machine: "WorkerNode", resourceGroup: "CloudStep", extension: "host-key" };

function reported(message: string, code = "ProvisioningState/succeeded"): ExtensionView {
  return { statuses: [{ code, message }] };
}

function printed(stdout: string, stderr = ""): ExtensionView {
  return reported(`Enable succeeded: \n[stdout]\n${stdout}\n[stderr]\n${stderr}`);
}

describe("the host key of a machine", () => {
  it("is what its extension printed", () => {
    expect(hostKeyFrom(printed("ssh-ed25519 AAAA\n"), PLACE)).toBe("ssh-ed25519 AAAA");
    expect(hostKeyFrom(printed("ssh-ed25519 AAAA\n", "a warning\n"), PLACE)).toBe(
      "ssh-ed25519 AAAA",
    );
  });

  it("is told by whichever status has it", () => {
    const { statuses = [] } = printed("ssh-ed25519 AAAA\n");
    const view = { statuses: [{ code: "ComponentStatus/x" }, ...statuses] };
    expect(hostKeyFrom(view, PLACE)).toBe("ssh-ed25519 AAAA");
  });

  it.each([
    ["no view", undefined],
    ["a view without statuses", {}],
    ["an empty view", { statuses: [] }],
    ["a status that says nothing", { statuses: [{}] }],
  ])("cannot be told while the machine is deallocated, when there is %s", (_, view) => {
    expect(() => hostKeyFrom(view, PLACE)).toThrow(
      "fix: az vm start --resource-group CloudStep --name WorkerNode, and run up again",
    );
  });

  it("is none of what a command that failed printed", () => {
    const message =
      "Enable failed: failed to execute command: command terminated with exit status=1\n[stdout]\nssh-ed25519 AAAA\n\n[stderr]\ncut: no such file\n";
    const told = (): string => hostKeyFrom(reported(message, "ProvisioningState/failed/0"), PLACE);
    expect(told).toThrow(
      /reports: Enable failed: .* exit status=1 \[stdout\] .* cut: no such file/,
    );
    const which = "--resource-group CloudStep --vm-name WorkerNode --name host-key";
    expect(told).toThrow(`az vm extension show ${which} --instance-view`);
    expect(told).toThrow(`az vm extension delete ${which}, pulumi refresh and up`);
  });

  it.each([
    ["nothing", ""],
    ["a key of another kind", "ecdsa-sha2-nistp256 AAAA\n"],
    ["more than the key", "ssh-ed25519 AAAA\nssh-ed25519 BBBB\n"],
    ["a comment behind it", "ssh-ed25519 AAAA root@worker\n"],
  ])("is not told by %s", (_, stdout) => {
    expect(() => hostKeyFrom(printed(stdout), PLACE)).toThrow("did not tell its SSH host key");
  });

  it("is none while the extension is under way", () => {
    const view = reported("Enable in progress", "ProvisioningState/transitioning");
    expect(() => hostKeyFrom(view, PLACE)).toThrow("which reports: Enable in progress.");
    const silent = { statuses: [{ code: "ProvisioningState/transitioning" }] };
    expect(() => hostKeyFrom(silent, PLACE)).toThrow(
      "which reports: ProvisioningState/transitioning.",
    );
  });

  it("leaves an error short, whatever was printed", () => {
    const error = (): string =>
      hostKeyFrom(reported(`Enable failed: ${"x".repeat(9000)} end`), PLACE);
    expect(error).toThrow(/reports: …x+ end\. fix/);
    expect(error).not.toThrow("x".repeat(401));
  });
});
