import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import grpc from "@grpc/grpc-js";
import stubs from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { describe, expect, it } from "vitest";

import { bundlePlugin } from "../bundle.ts";

const URN = "urn:pulumi:lab::fogline::random:index/randomPassword:RandomPassword::one";
const NIC = "urn:pulumi:lab::fogline::azure-native:network:NetworkInterface::nic";

/** Starts a plugin below a shell of its own, whose death is that of the engine. */
async function start(name: string): Promise<{ parent: ChildProcess; pid: number; port: string }> {
  const folder = await bundlePlugin(`lab/stand-ins/${name}`, name);
  const launcher = join(folder, `pulumi-resource-${name}`);
  const command = '"$0" & echo "$!"; wait';
  const parent = spawn("/bin/sh", ["-c", command, launcher], {
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<string> => String((await lines.next()).value);
  return { parent, pid: Number(await read()), port: await read() };
}

describe("a plugin", () => {
  it("announces its port, serves, and ends with the engine that started it", async () => {
    const { parent, pid, port } = await start("random");
    const address = `127.0.0.1:${port}`;
    const client = new stubs.ResourceProviderClient(address, grpc.credentials.createInsecure());

    const version = await new Promise((resolve, reject) => {
      client.getPluginInfo(new empty.Empty(), (error, info) => {
        if (error === null) {
          resolve(info.getVersion());
        } else {
          reject(error);
        }
      });
    });
    expect(version).toBe("4.21.2");

    const request = new proto.CheckRequest();
    request.setUrn(URN);
    request.setNews(struct.Struct.fromJavaScript({ length: 8, colour: "red" }));
    const problems = await new Promise((resolve, reject) => {
      client.check(request, (error, response) => {
        if (error === null) {
          resolve(response.getFailuresList().map((failure) => failure.getProperty()));
        } else {
          reject(error);
        }
      });
    });
    expect(problems).toEqual(["colour"]);

    request.setUrn(URN.replaceAll("Password", "Shuffle"));
    const refusal = await new Promise<grpc.ServiceError | null>((resolve) => {
      client.check(request, resolve);
    });
    expect(refusal?.details).toContain("does not support random:index/randomShuffle:RandomShuffle");
    client.close();

    parent.kill("SIGKILL");
    await once(parent, "close");
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it("that can tell what would be says so, and leaves open what nobody knows yet", async () => {
    const { parent, port } = await start("azure-native");
    const address = `127.0.0.1:${port}`;
    const client = new stubs.ResourceProviderClient(address, grpc.credentials.createInsecure());
    const ask = <Q, A>(
      method: (request: Q, done: (error: grpc.ServiceError | null, answer: A) => void) => unknown,
      request: Q,
    ): Promise<A> =>
      new Promise((resolve, reject) => {
        method.call(client, request, (error, answer) => {
          if (error === null) {
            resolve(answer);
          } else {
            reject(error);
          }
        });
      });

    const configured = await ask<proto.ConfigureRequest, proto.ConfigureResponse>(
      client.configure.bind(client),
      new proto.ConfigureRequest(),
    );
    expect(configured.getSupportspreview()).toBe(true);

    const create = new proto.CreateRequest();
    create.setUrn(NIC);
    create.setPreview(true);
    create.setProperties(
      struct.Struct.fromJavaScript({
        resourceGroupName: "fog",
        networkInterfaceName: "nic",
        location: "eastus",
        ipConfigurations: [{ name: "primary", subnet: { id: UNKNOWN } }],
      }),
    );
    const made = await ask<proto.CreateRequest, proto.CreateResponse>(
      client.create.bind(client),
      create,
    );
    expect(made.getId()).toBe("");
    expect(made.getProperties()?.toJavaScript()).toEqual({
      resourceGroupName: "fog",
      networkInterfaceName: "nic",
      location: "eastus",
      name: "nic",
    });

    const check = new proto.CheckRequest();
    check.setUrn(NIC);
    check.setNews(
      struct.Struct.fromJavaScript({
        resourceGroupName: "fog",
        networkInterfaceName: "nic",
        location: "Atlantis",
        ipConfigurations: UNKNOWN,
      }),
    );
    const checked = await ask<proto.CheckRequest, proto.CheckResponse>(
      client.check.bind(client),
      check,
    );
    expect(checked.getFailuresList().map((failure) => failure.getReason())).toEqual([
      expect.stringContaining('Code="LocationNotAvailableForResourceType"'),
    ]);
    client.close();
    parent.kill("SIGKILL");
    await once(parent, "close");
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
