import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import grpc from "@grpc/grpc-js";
import stubs from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { describe, expect, it } from "vitest";

const LAUNCHER = join(import.meta.dirname, "../random/pulumi-resource-random");
const URN = "urn:pulumi:lab::fogline::random:index/randomUuid:RandomUuid::one";

/** Starts the plugin below a shell of its own, whose death is that of the engine. */
async function start(): Promise<{ parent: ChildProcess; pid: number; port: string }> {
  const command = '"$0" & echo "$!"; wait';
  const parent = spawn("/bin/sh", ["-c", command, LAUNCHER], {
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<string> => String((await lines.next()).value);
  return { parent, pid: Number(await read()), port: await read() };
}

describe("a plugin", () => {
  it("announces its port, serves, and ends with the engine that started it", async () => {
    const { parent, pid, port } = await start();
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
    request.setNews(struct.Struct.fromJavaScript({ colour: "red" }));
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

    request.setUrn(URN.replaceAll("Uuid", "Shuffle"));
    const refusal = await new Promise<grpc.ServiceError | null>((resolve) => {
      client.check(request, resolve);
    });
    expect(refusal?.details).toContain("does not support random:index/randomShuffle:RandomShuffle");
    client.close();

    parent.kill("SIGKILL");
    await once(parent, "close");
    await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
