import { describe, expect, it } from "vitest";

import { runScript, type ScriptOptions } from "./machine.ts";
import { scriptedRun, type Ending } from "./testing/scripted-run.ts";

const LOGIN = { node: "raspberrypi", user: "pi", address: "10.101.2.1", key: "/keys/id" };
const BEGUN = "fogline: the script begins";
const LOST = { exitCode: 255, why: "Timeout, server 10.101.2.1 not responding." };

async function ran(ending: Ending, options?: ScriptOptions) {
  const { run, called } = scriptedRun(ending);
  return { printed: await runScript(run, LOGIN, "echo done", options), called };
}

describe("a script on a machine", () => {
  it("is sent on standard input to a root's shell, over a connection of its own", async () => {
    const { printed, called } = await ran(() => `${BEGUN}\ndone`);
    expect(printed).toBe("done");
    expect(called).toEqual([
      {
        words:
          "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ControlMaster=no -o ControlPath=none " +
          "-o ServerAliveInterval=15 -o ServerAliveCountMax=4 -i /keys/id pi@10.101.2.1 sudo bash -s",
        input: `echo '${BEGUN}'\necho done`,
      },
    ]);
  });

  it("prints nothing of what a login shell printed before it", async () => {
    expect((await ran(() => `Welcome!\n${BEGUN}\ndone`)).printed).toBe("done");
  });

  it("that fails says so in its own words, once", async () => {
    const { run, called } = scriptedRun(() => ({ exitCode: 1, stdout: BEGUN, why: "no nft" }));
    await expect(runScript(run, LOGIN, "", { patience: 60, silences: true })).rejects.toThrow(
      "raspberrypi: a script failed: no nft",
    );
    expect(called).toHaveLength(1);
  });
});

describe("a connection that is lost", () => {
  const begun = { ...LOST, stdout: `${BEGUN}\n` };

  it("after a script began that silences its machine means that it has", async () => {
    const { printed, called } = await ran(() => begun, { silences: true });
    expect(printed).toBe("");
    // It is not waited for long.
    expect(called[0]?.words).toContain("-o ServerAliveInterval=5 -o ServerAliveCountMax=2 ");
  });

  it("before that means that it has not", async () => {
    await expect(ran(() => LOST, { silences: true })).rejects.toThrow(
      "raspberrypi cannot be reached: Timeout, server 10.101.2.1 not responding. " +
        "fix: see that this logs in: ssh -i /keys/id pi@10.101.2.1",
    );
  });

  it("in the middle of another script is an error, and the script is not run again", async () => {
    const { run, called } = scriptedRun(() => begun);
    await expect(runScript(run, LOGIN, "", { patience: 60 })).rejects.toThrow(
      "the connection was lost in the middle of a script",
    );
    expect(called).toHaveLength(1);
  });
});

describe("a machine that cannot be reached", () => {
  it("is waited for", async () => {
    const answers = [LOST, `${BEGUN}\nback`];
    const { printed, called } = await ran(() => answers.shift(), { patience: 60 });
    expect(printed).toBe("back");
    expect(called).toHaveLength(2);
  });

  it("is given up in the end, with how long it was waited for", async () => {
    await expect(ran(() => LOST, { patience: 0.001 })).rejects.toThrow(
      "raspberrypi cannot be reached within 0.001 s",
    );
  });
});
