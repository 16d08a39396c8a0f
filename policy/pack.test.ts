/** The pack as the engine starts and asks it: a process that speaks the analyzer's protocol. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import grpc from "@grpc/grpc-js";
import stubs from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/analyzer_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { APPS } from "../apps/index.ts";
import { parse } from "../config/schema.ts";
import { builtWith, RECORD } from "../config/transition.ts";
import { sizesInsideBudget } from "./budget.ts";
import { namespacesDenyByDefault } from "./isolation.ts";
import { podsFitTheirNamespace } from "./pod-security.ts";
import { policies } from "./policies.ts";

const GROUP = "azure-native:network:NetworkSecurityGroup";

interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

let pack: ChildProcess;
let client: InstanceType<typeof stubs.AnalyzerClient>;

beforeAll(async () => {
  const runner = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack");
  pack = spawn(process.execPath, [runner, "127.0.0.1:1", "."], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = pack.stdout;
  if (output === null) {
    throw new Error("the pack has no output");
  }
  const [port] = (await once(createInterface({ input: output }), "line")) as [string];
  client = new stubs.AnalyzerClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  pack.kill();
  await once(pack, "exit");
});

/** What the policies over a whole stack say of its resources. */
function analyzeStack(resources: readonly Declared[]): Promise<string[]> {
  const request = new proto.AnalyzeStackRequest();
  request.setResourcesList(
    resources.map(({ type, name, inputs }) => {
      const resource = new proto.AnalyzerResource();
      resource.setType(type);
      resource.setName(name);
      resource.setUrn(`urn:pulumi:dev::fogline::${type}::${name}`);
      resource.setProperties(struct.Struct.fromJavaScript(inputs as never));
      resource.setOptions(new proto.AnalyzerResourceOptions());
      return resource;
    }),
  );
  return new Promise((resolve, reject) => {
    client.analyzeStack(request, (error, response) => {
      if (error === null) {
        const found = response.getDiagnosticsList();
        resolve(found.map((each) => `${each.getPolicyname()}: ${each.getMessage()}`));
      } else {
        reject(error);
      }
    });
  });
}

/** The policies that a resource breaks, with the message of each. */
function analyze(type: string, properties: Record<string, unknown>): Promise<string[]> {
  const request = new proto.AnalyzeRequest();
  request.setType(type);
  request.setName("it");
  request.setUrn(`urn:pulumi:dev::fogline::${type}::it`);
  request.setProperties(struct.Struct.fromJavaScript(properties as never));
  request.setOptions(new proto.AnalyzerResourceOptions());
  return new Promise((resolve, reject) => {
    client.analyze(request, (error, response) => {
      if (error === null) {
        const found = response.getDiagnosticsList();
        resolve(
          found.map((each) => {
            expect(each.getEnforcementlevel()).toBe(proto.EnforcementLevel.MANDATORY);
            return `${each.getPolicyname()}: ${each.getMessage()}`;
          }),
        );
      } else {
        reject(error);
      }
    });
  });
}

describe("the policy pack", () => {
  it("offers every policy", async () => {
    const names = await new Promise((resolve, reject) => {
      client.getAnalyzerInfo(new empty.Empty(), (error, info) => {
        if (error === null) {
          resolve(info.getPoliciesList().map((policy) => policy.getName()));
        } else {
          reject(error);
        }
      });
    });
    const resources = policies({ nodePorts: [] }).map(({ name }) => name);
    const stack = [namespacesDenyByDefault, podsFitTheirNamespace, sizesInsideBudget];
    expect(names).toEqual([...resources, ...stack.map(({ name }) => name)]);
  });

  it("refuses a resource that breaks a policy", async () => {
    const rule = { name: "ssh", sourceAddressPrefix: "*", destinationPortRange: "22" };
    const found = await analyze(GROUP, {
      tags: { project: "fogline", stack: "dev" },
      securityRules: [rule],
    });
    expect(found.join()).toMatch(/^ssh-not-from-everywhere: .*rule ssh opens SSH to everyone/s);
  });

  it("checks what is known beside what is not", async () => {
    const found = await analyze("kubernetes:apps/v1:Deployment", {
      metadata: { namespace: UNKNOWN },
      spec: { template: { spec: { containers: [{ name: UNKNOWN, image: "nginx:1" }] } } },
    });
    expect(found.join()).toContain("images-by-digest: ");
    expect(found.join()).toContain("nginx:1");
  });

  it("lets a resource pass that keeps to all", async () => {
    expect(await analyze("kubernetes:core/v1:Namespace", { metadata: { name: "a" } })).toEqual([]);
  });

  it.each([
    [120, "a month costs 124.55 USD, the budget is 120.00 USD"],
    [130, ""],
  ])("holds a stack to the %i USD that its record declares", async (monthlyBudgetUsd, told) => {
    const image = `docker.io/library/postgres:17@sha256:${"1".repeat(64)}`;
    const settings = parse(
      {
        cloud: { sshFrom: ["203.0.113.7/32"], monthlyBudgetUsd },
        k3s: { version: "v1.36.3+k3s1", sha256: { arm64: "1".repeat(64) } },
        ...{ website: { image }, database: { image }, ingress: { image } },
      },
      APPS,
    );
    const machine = {
      location: "eastus",
      hardwareProfile: { vmSize: "Standard_B2ms" },
      storageProfile: { osDisk: { managedDisk: { storageAccountType: "Standard_LRS" } } },
    };
    const found = await analyzeStack([
      { type: "azure-native:compute:VirtualMachine", name: "a", inputs: machine },
      { type: "azure-native:compute:VirtualMachine", name: "b", inputs: machine },
      { type: "pulumi:index:Stash", name: RECORD, inputs: { input: builtWith(settings, APPS) } },
    ]);
    expect(found.join()).toContain(told);
    expect(found).toHaveLength(told === "" ? 0 : 1);
  });
});
