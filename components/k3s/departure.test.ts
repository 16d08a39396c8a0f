import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ACCOUNTS, accountObjects } from "./account.ts";
import { ADMIT_SCRIPT, DRAIN_SCRIPT } from "./scripts.ts";
import { FakeMachine, type Ran } from "./testing/machine.ts";

let server: FakeMachine;

beforeEach(() => {
  server = new FakeMachine();
});

afterEach(() => {
  server.remove();
});

/** A `k3s kubectl` that answers some questions, by parts of its arguments. */
function answers(said: Readonly<Record<string, string>>): void {
  const cases = Object.entries(said).map(([part, answer]) => `*'${part}'*) echo '${answer}' ;;`);
  const log = 'echo "$*" | cut -d" " -f5- >>"$STATE/log"';
  server.install(`#!/bin/bash\n${log}\ncase "$*" in\n${cases.join("\n")}\nesac\n`);
}

function drain(): Promise<Ran> {
  return server.run(DRAIN_SCRIPT, "delete", { NODE: "attic" });
}

describe("moving a node's pods away", () => {
  const busy = { "get pods": "pod/website", "get node attic": "True" };

  it("waits for them, but not for ever", async () => {
    answers(busy);
    expect(await drain()).toMatchObject({ code: 0 });
    expect(server.calls().filter((call) => call.startsWith("drain"))).toEqual([
      expect.stringMatching(/^drain attic --ignore-daemonsets .*--timeout=90s$/),
    ]);
  });

  it("tells of volumes that stay on its disk", async () => {
    answers({ ...busy, "get persistentvolumes": "attic website/data-database-0" });
    expect((await drain()).stderr).toContain("website/data-database-0");
  });

  it.each([
    ["is not Ready", { ...busy, "get node attic": "Unknown" }],
    ["is gone", { "get pods": "pod/website" }],
  ])("is left out where the node %s", async (_why, said) => {
    answers(said);
    expect(await drain()).toMatchObject({ code: 0 });
    expect(server.calls().filter((call) => call.startsWith("drain"))).toEqual([]);
  });

  it("is left out where the apps are gone, as when the whole stack goes", async () => {
    answers({ "get node attic": "True" });
    expect(await drain()).toMatchObject({ code: 0 });
    expect(server.calls().filter((call) => call.startsWith("drain"))).toEqual([]);
  });
});

describe("a machine's place in the cluster", () => {
  const token = Buffer.from("reader").toString("base64");
  const admit = (machine: string, action: "update" | "delete" = "update"): Promise<Ran> =>
    server.run(ADMIT_SCRIPT, action, {
      ...{ NODE: "attic", MACHINE: machine, ACCOUNTS },
      ACCOUNT: accountObjects("attic", machine),
    });
  const deletions = (): string[] => server.calls().filter((call) => call.startsWith("delete"));

  it("stays while the machine does", async () => {
    answers({ "get serviceaccount": "first", "get secret": token });
    expect(await admit("first")).toMatchObject({ code: 0, stdout: "reader" });
    expect(deletions()).toEqual([]);
  });

  it("is freed where another machine has the name, password and credentials included", async () => {
    answers({ "get serviceaccount": "first", "get secret": token });
    const { stderr } = await admit("second");
    expect(stderr).toContain("another machine has this name now");
    expect(deletions()).toEqual([
      expect.stringMatching(/^delete node attic /),
      expect.stringMatching(/^delete pods --all-namespaces --field-selector spec.nodeName=attic /),
      expect.stringContaining("kube-system attic.node-password.k3s"),
      expect.stringContaining("clusterrolebinding fogline:node:attic"),
      expect.stringContaining("serviceaccount,secret --namespace fogline-nodes attic"),
    ]);
  });

  it("is freed when the agent is gone", async () => {
    answers({});
    await admit("first", "delete");
    expect(deletions()).toHaveLength(5);
  });
});
