import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";

import { RunningStack } from "./stack.ts";
import { OUTPUTS, scriptedRun, type Ending } from "./testing/scripted-run.ts";

describe("a stack that runs", () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "fogline-operator-"));
    settings({});
    return () => {
      rmSync(project, { recursive: true });
    };
  });

  function settings(config: object): void {
    writeFileSync(join(project, "Pulumi.dev.yaml"), stringify({ config }));
  }

  const answers: Ending = (words) =>
    words.startsWith("pulumi") ? JSON.stringify(OUTPUTS) : words.includes("ssh") ? "hello" : "pods";

  async function opened(ending: Ending = answers) {
    const { run, called } = scriptedRun(ending);
    return { stack: await RunningStack.open("dev", run, project), called };
  }

  it("keeps its kubeconfig in a file that nobody else reads, out of all arguments, while it is open", async () => {
    const { stack, called } = await opened();
    expect(await stack.kubectl(["get", "pods"])).toBe("pods");
    const [, flag = ""] = stack.kubectlCommand([]);
    const file = flag.replace("--kubeconfig=", "");
    expect(readFileSync(file, "utf8")).toBe(OUTPUTS.kubeconfig);
    expect([file, dirname(file)].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o600, 0o700,
    ]);
    expect(JSON.stringify(called)).not.toContain(OUTPUTS.kubeconfig);
    expect(called[1]?.words).toBe(`kubectl ${flag} get pods`);
    stack[Symbol.dispose]();
    expect(existsSync(dirname(file))).toBe(false);
  });

  it("knows who logs in on which machine, by its node's name or its own", async () => {
    settings({
      "fogline:operator": { sshKey: "/keys/fog" },
      "fogline:cloud": { adminUser: "cloudy", sshFrom: ["192.0.2.1/32"] },
      "fogline:edge": [{ name: "raspberrypi", reach: "bundle", user: "berry" }],
    });
    using stack = (await opened()).stack;
    expect(stack.login("WorkerNode")).toEqual({
      ...{ node: "workernode", user: "cloudy", address: "10.101.1.1", key: "/keys/fog" },
    });
    expect(stack.login("raspberrypi")).toMatchObject({ user: "berry", address: "10.101.2.1" });
    expect(await stack.onMachine("WorkerNode", "true")).toBe("hello");
  });

  it("has the settings' own defaults", async () => {
    using stack = (await opened()).stack;
    expect(stack.login("masternode").user).toBe("fogline");
    expect(stack.login("masternode").key).toMatch(/^\/.*\/\.ssh\/id_ed25519$/);
    expect(stack.isProtected).toBe(false);
  });

  it("may be called with its organization before its name", async () => {
    const { run } = scriptedRun(answers);
    using stack = await RunningStack.open("acme/fogline/dev", run, project);
    expect(stack.isProtected).toBe(false);
  });

  it("that is not up names what it lacks, and shows no output", async () => {
    const { kubeconfig, websiteUrl } = OUTPUTS;
    const lacking = opened(() => JSON.stringify({ kubeconfig, websiteUrl }));
    await expect(lacking).rejects.toThrow(
      "the stack dev is not up: it lacks the output overlay, inventory, versions. fix: pulumi up --stack dev",
    );
    await expect(lacking).rejects.not.toThrow(kubeconfig);
  });

  it("that Pulumi does not know is told in Pulumi's words", async () => {
    await expect(
      opened(() => ({ exitCode: 255, why: "error: no stack named 'dev' found" })),
    ).rejects.toThrow("the stack dev has no outputs: error: no stack named 'dev' found");
    await expect(RunningStack.open("")).rejects.toThrow("STACK is not given");
  });

  it("has a file with settings that can be read", async () => {
    settings({ "fogline:edge": [{ name: "raspberrypi", reach: "pigeon" }] });
    using wrong = (await opened()).stack;
    expect(() => wrong.login("raspberrypi")).toThrow("use lan, jump or bundle");
    rmSync(join(project, "Pulumi.dev.yaml"));
    using without = (await opened()).stack;
    expect(() => without.isProtected).toThrow("Pulumi.dev.yaml cannot be read");
    // kubectl needs none.
    expect(await without.kubectl(["get", "pods"])).toBe("pods");
  });
});
