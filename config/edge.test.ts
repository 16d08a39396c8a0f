import { describe as suite, expect, it } from "vitest";

import { edge } from "./edge.ts";
import { describe, type Problem } from "./problems.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const ssh = { name: "attic", host: "192.168.60.10", hostKey };
const jump = { host: "192.168.50.10", user: "pi", hostKey };

function problemsOf(device: Record<string, unknown>): Problem[] {
  const result = edge.safeParse([device]);
  return result.success
    ? []
    : result.error.issues.flatMap((issue) => describe("edge", edge, issue));
}

suite("an edge device", () => {
  it("is reached on the LAN unless the stack says otherwise", () => {
    expect(edge.parse([ssh])).toEqual([
      { ...ssh, reach: "lan", arch: "arm64", port: 22, user: "pi", lost: false },
    ]);
  });

  it("may be reached through a jump host", () => {
    expect(edge.parse([{ ...ssh, reach: "jump", jump }])[0]).toMatchObject({
      reach: "jump",
      jump: { ...jump, port: 22 },
    });
  });

  it("that joins by a bundle needs a name alone", () => {
    expect(edge.parse([{ name: "cabin", reach: "bundle" }])).toEqual([
      {
        name: "cabin",
        reach: "bundle",
        arch: "arm64",
        user: "fogline",
        lost: false,
        bundle: { validHours: 24, waitMinutes: 30, issue: 1 },
      },
    ]);
  });

  it.each([
    ["on the LAN without its address", { name: "a", hostKey }, "host", "192.168.50.10"],
    ["on the LAN without its host key", { name: "a", host: "a" }, "hostKey", "ssh_host_ed25519"],
    ["through a jump host that is not named", { ...ssh, reach: "jump" }, "jump", "{host, user"],
    [
      "through a jump host whose key is not pinned",
      { ...ssh, reach: "jump", jump: { host: "b", user: "pi" } },
      "jump.hostKey",
      "ssh_host_ed25519",
    ],
    [
      "through a jump host with a misspelt setting",
      { ...ssh, reach: "jump", jump: { ...jump, prot: 22 } },
      "jump.prot",
      "did you mean port?",
    ],
    [
      "on the LAN with a jump host, which would not be used",
      { ...ssh, jump },
      "jump",
      "choose another way",
    ],
    [
      "that nobody reaches, with an address",
      { name: "a", reach: "bundle", host: "192.168.60.10" },
      "host",
      "choose another way",
    ],
    ["by an unknown way", { ...ssh, reach: "carrier-pigeon" }, "reach", "lan, jump or bundle"],
    [
      "by a bundle that is never good",
      { name: "a", reach: "bundle", bundle: { validHours: 0 } },
      "bundle.validHours",
      "use at least 1",
    ],
    [
      "by a bundle whose user no Linux takes",
      { name: "a", reach: "bundle", user: "Über" },
      "user",
      "choose a name",
    ],
  ])("%s is refused with the fix", (_what, device, path, fix) => {
    const problem = problemsOf(device).find((each) => each.path === `fogline:edge[0].${path}`);
    expect(problem?.fix).toContain(fix);
  });
});
