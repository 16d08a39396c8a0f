/** Updates and previews by the real engine, of a program whose cluster a script installs. */

import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as random from "@pulumi/random";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestStack } from "../../testing/netmaker/stack.ts";
import { TestApiServer } from "./testing/api-server.ts";

const PLUGINS = {
  kubernetes: "lab/stand-ins/kubernetes",
  command: "lab/stand-ins/command",
  random: "lab/stand-ins/random",
};
const SETTINGS = { upsertExistingObjects: true, enablePatchForce: true };

let api: TestApiServer;
beforeAll(async () => {
  api = new TestApiServer();
  await api.start();
  api.react = (path, object) => {
    if (object["kind"] === "Namespace" && object["status"] === undefined) {
      api.put(path, { status: { phase: "Active" } });
    }
  };
});
afterAll(() => api.stop());

interface Options {
  /** Text of the script that prints the kubeconfig; another one runs again. */
  readonly script?: string;
  /** The machine; another one is made anew. */
  readonly machine?: string;
  /** Whether the provider is told which cluster it is; default true. */
  readonly isNamed?: boolean;
  readonly protect?: boolean;
}

/** As the product's: machine, script, provider, the website's protected namespace. */
function program({
  script = "v1",
  machine = "first",
  isNamed = true,
  protect = true,
}: Options = {}): PulumiFn {
  return () => {
    const vm = new command.local.Command("machine", { create: "true", triggers: [machine] });
    const print = `cat # ${script}`;
    const installed = new command.local.Command(
      "installed",
      { create: print, update: print, stdin: api.kubeconfig, addPreviousOutputInEnv: false },
      { dependsOn: [vm] },
    );
    const token = new random.RandomPassword("token", { length: 8 }, { replaceWith: [vm] });
    const identity = isNamed ? { clusterIdentifier: token.result } : {};
    // What came with the name, too, and stands before the provider.
    const claim = isNamed
      ? [new command.local.Command("cluster-claim", { create: "true" }, { dependsOn: [installed] })]
      : [];
    const provider = new k8s.Provider(
      "cluster",
      { kubeconfig: installed.stdout, ...SETTINGS, ...identity },
      { dependsOn: claim },
    );
    const namespace = new k8s.core.v1.Namespace(
      "namespace",
      { metadata: { name: "website" } },
      { provider, protect },
    );
    new k8s.core.v1.ConfigMap(
      "config",
      { metadata: { name: "config", namespace: namespace.metadata.name }, data: { k: "v" } },
      { provider },
    );
    return Promise.resolve({});
  };
}

describe("a stack whose cluster has no name yet", () => {
  let stack: TestStack;
  const unnamed: Options = { isNamed: false };
  beforeAll(async () => {
    stack = await TestStack.create(program(unnamed), PLUGINS);
    expect(await stack.up()).toEqual({ create: ["cluster", "config", "namespace"] });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("is refused a change of the script, as everything would be replaced", async () => {
    await expect(stack.preview(program({ isNamed: false, script: "v2" }))).rejects.toThrow(
      /::namespace[\s\S]*protect/,
    );
  });

  it("is given one by an update without preview, though the script changes too", async () => {
    expect(await stack.up(program({ script: "v2" }))).toEqual({ update: ["cluster"] });
  });

  it("then is to keep everything when the script changes", async () => {
    expect(await stack.preview(program({ script: "v3" }))).toEqual({
      update: ["cluster", "config", "namespace"],
    });
  });

  it("is refused another machine for it, as its protected objects would go", async () => {
    await expect(stack.preview(program({ script: "v2", machine: "second" }))).rejects.toThrow(
      /::namespace[\s\S]*protect/,
    );
  });
});
