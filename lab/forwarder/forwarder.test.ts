import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterEach, describe, expect, test, vi } from "vitest";

import { CONDITION } from "../../testing/patience.ts";
import { ownFolder } from "../testing/folder.ts";
import { Inside } from "./inside.ts";
import { Rotation, targetsOf, type Target } from "./rotation.ts";

const a = { host: "203.0.113.11", port: 80 };
const b = { host: "203.0.113.12", port: 80 };
const c = { host: "203.0.113.13", port: 80 };

describe("the rotation", () => {
  test("starts each connection with the next target", () => {
    const rotation = new Rotation();
    rotation.set([a, b, c]);
    expect([1, 2, 3, 4].map(() => rotation.order()[0])).toEqual([a, b, c, a]);
  });

  test("tries dead targets last, and first again when they are back", () => {
    const rotation = new Rotation();
    rotation.set([a, b]);
    rotation.mark(a, false);
    expect(rotation.order()).toEqual([b, a]);
    rotation.mark(a, true);
    rotation.order();
    expect(rotation.order()[0]).toEqual(a);
  });

  test("forgets targets that are gone and has nothing to offer without any", () => {
    const rotation = new Rotation();
    rotation.set([a]);
    rotation.mark(a, false);
    rotation.set([]);
    expect(rotation.order()).toEqual([]);
    rotation.set([a]);
    expect(rotation.isDead(a)).toBe(false);
  });

  test("reads the targets from the website's addresses", () => {
    expect(targetsOf(["http://203.0.113.11", "http://203.0.113.12:8080/"])).toEqual([
      a,
      { host: "203.0.113.12", port: 8080 },
    ]);
  });
});

describe("the half on this computer", () => {
  test("takes the first port that is free and says which", async () => {
    const folder = ownFolder();
    const taken = createServer();
    const inside = createServer((socket) => socket.end("inside"));
    await once(taken.listen(0, "127.0.0.1"), "listening");
    await once(inside.listen(join(folder, "socket")), "listening");
    const said = join(folder, "port");
    const outside = spawn(
      process.execPath,
      [
        ...["--import", "tsx", join(import.meta.dirname, "outside.ts")],
        ...[join(folder, "socket"), said, String((taken.address() as AddressInfo).port), "0"],
      ],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    try {
      await vi.waitFor(() => readFileSync(said), { timeout: CONDITION });
      const port = Number(readFileSync(said, "utf8"));
      expect(port).not.toBe((taken.address() as AddressInfo).port);
      const [text] = (await once(connect(port, "127.0.0.1"), "data")) as [Buffer];
      expect(text.toString()).toBe("inside");
    } finally {
      outside.kill();
      taken.close();
      inside.close();
    }
  });
});

describe("the half inside the lab", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
    }
  });

  /** A server that greets with its name, on a port of its own. */
  async function serve(name: string): Promise<Target> {
    const server = createServer((socket) => socket.end(name));
    servers.push(server);
    return { host: "127.0.0.1", port: await listen(server) };
  }

  /** A front that passes connections on to targets. */
  async function front(targets: readonly Target[]): Promise<{ port: number; inside: Inside }> {
    const file = join(ownFolder(), "targets.json");
    writeFileSync(file, JSON.stringify(targets));
    const inside = new Inside(file);
    const server = createServer({ allowHalfOpen: true }, (client) => void inside.pass(client));
    servers.push(server);
    return { port: await listen(server), inside };
  }

  async function listen(server: Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  test("delivers all of a large answer that ends with the connection", async () => {
    const size = 20_000_000;
    const server = createServer((socket) => socket.end(Buffer.alloc(size)));
    servers.push(server);
    const { port } = await front([{ host: "127.0.0.1", port: await listen(server) }]);
    const received = await new Promise<number>((resolve, reject) => {
      let bytes = 0;
      connect(port, "127.0.0.1")
        .on("data", (part) => (bytes += part.length))
        .on("close", () => {
          resolve(bytes);
        })
        .on("error", reject);
    });
    expect(received).toBe(size);
  });

  test("cuts the connections of a server that stops answering", async () => {
    const server = createServer();
    servers.push(server);
    const target = { host: "127.0.0.1", port: await listen(server) };
    const { port, inside } = await front([target]);
    const client = connect(port, "127.0.0.1");
    client.on("error", () => client.destroy());
    const [socket] = (await once(server, "connection")) as [Socket];
    // What comes through shows that both halves are joined.
    socket.write("here");
    await once(client, "data");
    // The server keeps its connections and takes no new one, as a machine that was switched off.
    server.close();
    // Again and again, as the forwarder does: a process that another thread is starting holds the port for a
    // moment longer.
    await expect
      .poll(async () => {
        await inside.heartbeat();
        return client.closed;
      })
      .toBe(true);
    socket.destroy();
  });

  test("passes connections on in turn, and past a server that does not answer", async () => {
    const one = await serve("one");
    const two = await serve("two");
    const { port } = await front([one, two, { host: "127.0.0.1", port: 1 }]);
    const ask = (): Promise<string> =>
      new Promise((resolve, reject) => {
        let text = "";
        connect(port, "127.0.0.1")
          .on("data", (part) => (text += part.toString()))
          .on("close", () => {
            resolve(text);
          })
          .on("error", reject);
      });
    const answers = [];
    for (let i = 0; i < 6; i += 1) {
      answers.push(await ask());
    }
    expect(answers.slice(0, 3)).toEqual(["one", "two", "one"]);
    expect(answers.every((answer) => answer !== "")).toBe(true);
  });
});
