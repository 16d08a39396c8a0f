import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { RunningStack } from "../../operator/stack.ts";
import { OUTPUTS, scriptedRun, type Ending } from "../../operator/testing/scripted-run.ts";
import { stackPlace } from "./place.ts";
import { stackSite } from "./stack-site.ts";

const BEGUN = "fogline: the script begins";

describe("a stack of one's own", () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "fogline-drill-"));
    writeFileSync(join(project, "Pulumi.dev.yaml"), "config: {}\n");
    return () => {
      rmSync(project, { recursive: true });
    };
  });

  async function opened(ending: Ending) {
    const { run, called } = scriptedRun((words, input) =>
      words.startsWith("pulumi") ? JSON.stringify(OUTPUTS) : ending(words, input),
    );
    const stack = await RunningStack.open("dev", run, project);
    const said: string[] = [];
    const hands = {
      ...{ say: (text: string) => said.push(text), readLine: undefined },
      signal: new AbortController().signal,
    };
    return { stack, hands, called, said };
  }

  it("is asked from here, at its own addresses, and told what it is made of", async () => {
    const { stack, hands } = await opened((words) =>
      words.includes("jsonpath")
        ? "docker.io/library/traefik:v3.7@sha256:ab\n10.43.0.9:5000/website@sha256:cd\ndocker.io/library/traefik:v3.7@sha256:ab\n"
        : "",
    );
    using opening = stack;
    const site = await stackSite(opening, hands);
    expect(site).toMatchObject({
      ...{ name: "dev", urls: ["http://192.0.2.18/"], visitor: [], evensOut: false },
    });
    expect(await site.addressOf("workernode")).toBe("192.0.2.18");
    await expect(site.addressOf("raspberrypi")).rejects.toThrow("has no public address");
    expect(await site.parts()).toEqual({
      toolchain: [{ part: "k3s", version: "v1.36.3+k3s1", source: "the stack" }],
      images: [
        { image: "10.43.0.9:5000/website", version: "sha256:cd", source: "the stack" },
        {
          ...{ image: "docker.io/library/traefik", version: "v3.7@sha256:ab", source: "the stack" },
        },
      ],
    });
  });

  it("evens pods out where it has a descheduler", async () => {
    const { stack, hands } = await opened(() => "deployment.apps/descheduler\n");
    using opening = stack;
    expect((await stackSite(opening, hands)).evensOut).toBe(true);
  });

  it("is not brought up with other settings", async () => {
    const { stack, hands } = await opened(() => "");
    using opening = stack;
    await expect((await stackSite(opening, hands)).up({})).rejects.toThrow(
      "a drill changes no settings",
    );
  });

  it("takes a machine whose connection it has cut itself for silenced", async () => {
    const { stack, hands, called } = await opened((words) =>
      words.startsWith("ssh") ? { exitCode: 255, stdout: BEGUN, why: "Timeout" } : "",
    );
    using opening = stack;
    const site = await stackSite(opening, hands);
    expect(await site.onMachine("WorkerNode", "nft -f -", { silences: true })).toBe("");
    expect(called.at(-1)?.words).toContain("fogline@10.101.1.1 sudo bash -s");
    await expect(site.onMachine("WorkerNode", "nft -f -")).rejects.toThrow(
      "the connection was lost in the middle of a script",
    );
  });

  it("waits until a machine answers again, and says so", async () => {
    const answers = [{ exitCode: 255, why: "Timeout" }, `${BEGUN}\nup`];
    const { stack, hands, said } = await opened((words) =>
      words.startsWith("ssh") ? answers.shift() : "",
    );
    using opening = stack;
    const site = await stackSite(opening, hands);
    expect(await site.onMachine("raspberrypi", "echo up")).toBe("up");
    expect(said).toEqual(["raspberrypi cannot be reached: it is waited for, 180 s at most"]);
  });

  it("says before a drill which machine it does not reach, at once", async () => {
    const { stack, hands } = await opened((words) =>
      words.startsWith("ssh") ? { exitCode: 255, why: "Host key verification failed." } : "",
    );
    using opening = stack;
    const place = await stackPlace(opening, hands);
    await expect(place.tryOn("raspberrypi", "true")).rejects.toThrow(
      "raspberrypi cannot be reached: Host key verification failed. fix: see that this logs in: ssh -i ",
    );
    expect(place).toMatchObject({ machines: ["MasterNode", "WorkerNode"], isLab: false });
    expect(place.addresses.get("workernode")).toBe("192.0.2.18");
    expect(place.inForce).toMatch(/\.fogline\/drills\/dev$/);
  });
});
