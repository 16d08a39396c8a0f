/** Images from Dockerfiles to a registry, by this computer's buildah and the distribution's registry. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parse, stringify } from "yaml";

import { renderStep, resultOf } from "../../../components/remote/render.ts";
import { CONDITION } from "../../../testing/patience.ts";
import { CONFIG } from "../config.ts";
import { orderOf } from "../context.ts";
import type { BuiltImage } from "../../measures.ts";
import { BUILD_SCRIPT } from "../image-build.ts";
import { bringBy, type Way } from "./bring.ts";
import { BuildError, type BuildOrder } from "./order.ts";

const PROJECT = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "fogline-bring-"));
const store = join(folder, "store");
const log = join(folder, "log");
const said: string[] = [];
const stops: (() => Promise<void>)[] = [];
let push: string;
let pull: string;

const INDEX = { Accept: "application/vnd.oci.image.index.v1+json" };
/** Bytes that no compression makes smaller, and a part that all images share. */
const LAYER = 3_000_000;

beforeAll(async () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const real = (await execa("which", ["buildah"])).stdout;
  const storage = ["--root", "--runroot"].map((option) => `${option}=${folder}/${option.slice(2)}`);
  // A storage of the test's own.
  writeFileSync(
    join(bin, "buildah"),
    `#!/bin/sh
command=$1
shift
[ "$command" != build ] || set -- --isolation=chroot "$@"
exec ${real} ${storage.join(" ")} --storage-driver=vfs "$command" "$@"
`,
    { mode: 0o755 },
  );
  process.env["PATH"] = `${bin}:${process.env["PATH"] ?? ""}`;
  push = await serve("push.yaml");
  pull = await serve("pull.yaml");
});

afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  said.length = 0;
  writeFileSync(log, "");
});

/** Starts a server with the app's own configuration, but for port and folder; returns its URL. */
async function serve(name: keyof typeof CONFIG): Promise<string> {
  const port = await freePort();
  const config = parse(CONFIG[name]) as {
    storage: { filesystem: { rootdirectory: string } };
    http: { addr: string };
  };
  config.storage.filesystem.rootdirectory = store;
  config.http.addr = `127.0.0.1:${port}`;
  const file = join(folder, name);
  writeFileSync(file, stringify(config));
  const server = execa("docker-registry", ["serve", file], {
    reject: false,
    buffer: false,
    stdout: { file: log, append: true },
    stderr: { file: log, append: true },
  });
  stops.push(async () => {
    server.kill();
    await server;
  });
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => {
    expect((await fetch(`${url}/v2/`)).ok).toBe(true);
  }, CONDITION);
  return url;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An image of two layers; the first is the same in all. */
function order(name: string, text: string, archs: BuildOrder["archs"] = ["amd64"]): BuildOrder {
  const sources = join(folder, "sources", name);
  mkdirSync(sources, { recursive: true });
  const common = join(folder, "common");
  if (!existsSync(common)) {
    const block = Buffer.alloc(LAYER);
    // A fixed sequence without a pattern that gzip finds.
    for (let n = 0, state = 1; n < LAYER; n += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      block[n] = state >>> 24;
    }
    writeFileSync(common, block);
  }
  writeFileSync(
    join(sources, "Dockerfile"),
    "FROM scratch\nCOPY common /common\nCOPY own /own\nUSER 65532:65532\n",
  );
  writeFileSync(join(sources, "own"), text);
  const context = [
    { file: join(sources, "Dockerfile"), to: "Dockerfile" },
    { file: common, to: "common" },
    { file: join(sources, "own"), to: "own" },
  ];
  return orderOf({ name, context }, { bases: {}, archs });
}

const straight: Way = (use) => use(push);

function bringImage(wanted: BuildOrder, way: Way = straight): Promise<BuiltImage> {
  const work = mkdtempSync(join(folder, "work-"));
  return bringBy(way, wanted, work, (line) => said.push(line));
}

/** Brings an image; returns its digest. */
async function bringOrder(wanted: BuildOrder, way: Way = straight): Promise<string> {
  return (await bringImage(wanted, way)).digest;
}

/** Requests of a method that the registry has answered since the test began. */
function requests(method: string): string[] {
  const lines = readFileSync(log, "utf8").split("\n");
  return lines.filter((line) => line.includes(`"${method} /v2/`));
}

describe("an image that is brought", () => {
  const both: BuildOrder["archs"] = ["amd64", "arm64"];

  it("is there for each processor architecture under one digest, and is pulled", async () => {
    const digest = await bringOrder(order("one", "1", both));
    const index = await fetch(`${pull}/v2/one/manifests/${digest}`, { headers: INDEX });
    expect(index.status).toBe(200);
    const { manifests } = (await index.json()) as {
      manifests: { digest: string; platform: { architecture: string; os: string } }[];
    };
    expect(manifests.map(({ platform }) => platform)).toEqual(
      both.map((architecture) => ({ architecture, os: "linux" })),
    );
    // As a node does: another client, by digest, from the server that only reads.
    const image = `docker://${new URL(pull).host}/one@${digest}`;
    for (const arch of both) {
      const from = [
        "from",
        "--quiet",
        "--pull-always",
        "--tls-verify=false",
        `--arch=${arch}`,
        image,
      ];
      const { stdout: container } = await execa("buildah", from);
      const { stdout: root } = await execa("buildah", ["mount", container]);
      expect(readFileSync(join(root, "own"), "utf8")).toBe("1");
      const format = "--format={{.OCIv1.Architecture}}";
      expect((await execa("buildah", ["inspect", format, container])).stdout).toBe(arch);
      await execa("buildah", ["rm", container]);
    }
  });

  it("is neither built nor sent where the registry has it", async () => {
    const first = await bringOrder(order("one", "1", both));
    expect(said).toEqual(["one: the registry has it; nothing is built or sent"]);
    expect([...requests("PUT"), ...requests("POST"), ...requests("PATCH")]).toEqual([]);
    expect(await bringOrder(order("one", "1", both))).toBe(first);
  });

  it("has the size that its manifests tell, whether it was built or found", async () => {
    const image = order("sized", "1", both);
    const built = await bringImage(image);
    const ask = async (reference: string): Promise<unknown> => {
      const accept = { Accept: `${INDEX.Accept}, application/vnd.oci.image.manifest.v1+json` };
      return (await fetch(`${pull}/v2/sized/manifests/${reference}`, { headers: accept })).json();
    };
    const { manifests } = (await ask(built.digest)) as { manifests: { digest: string }[] };
    const sizes = await Promise.all(
      manifests.map(async ({ digest }) => {
        const { config, layers } = (await ask(digest)) as Record<"config", { size: number }> &
          Record<"layers", { size: number }[]>;
        return layers.reduce((sum, { size }) => sum + size, config.size);
      }),
    );
    expect(Object.keys(built.bytes)).toEqual(both);
    expect(Object.values(built.bytes)).toEqual(sizes);
    expect(built.bytes.amd64).toBeGreaterThan(LAYER);
    expect(await bringImage(image)).toEqual(built);
  });

  it("is sent without the parts that are there, of it or of another one", async () => {
    await bringOrder(order("one", "2", both));
    expect(said.at(-1)).toMatch(/^one: 3 of 4 parts sent, 0\.0 MB; the others were there$/);
    await bringOrder(order("two", "other", both));
    expect(said.at(-1)).toMatch(/^two: 3 of 4 parts sent, 0\.0 MB; the others were there$/);
  });

  it("has the same digest wherever it is built from the same sources", async () => {
    const digest = await bringOrder(order("one", "2", both));
    rmSync(store, { recursive: true });
    expect(await bringOrder(order("one", "2", both))).toBe(digest);
    expect(said.join("\n")).toContain("one: 4 of 4 parts sent, 3.0 MB");
  });

  it("is sent anew where the registry lost a part of it", async () => {
    const digest = await bringOrder(order("one", "3"));
    const blobs = join(store, "docker/registry/v2/blobs/sha256");
    const sum = digest.replace("sha256:", "");
    rmSync(join(blobs, sum.slice(0, 2), sum), { recursive: true });
    said.length = 0;
    expect(await bringOrder(order("one", "3"))).toBe(digest);
    expect(said.at(-1)).toContain("one: 0 of 3 parts sent");
  });

  it("survives a connection that is lost: what arrived is not sent again", async () => {
    let ways = 0;
    const breaking: Way = async (use) => {
      ways += 1;
      // The second way, the first of sending, breaks after two parts.
      if (ways !== 2) {
        return use(push);
      }
      await use(push).catch(() => undefined);
      throw new Error("socket hang up");
    };
    const digest = await bringOrder(order("three", "1"), breaking);
    expect(ways).toBe(3);
    expect(said).toContain("the connection to the registry was lost: socket hang up; trying again");
    expect(said.at(-1)).toBe("three: 0 of 3 parts sent, 0.0 MB; the others were there");
    const found = await fetch(`${pull}/v2/three/manifests/${digest}`, { headers: INDEX });
    expect(found.status).toBe(200);
  });

  it("is brought by the step of the program, which prints its digest, its size and nothing secret", async () => {
    const bin = join(folder, "bin", "kubectl");
    const port = new URL(push).port;
    const forwarding = `echo "Forwarding from 127.0.0.1:${port} -> 5001"; exec sleep 60`;
    writeFileSync(bin, `#!/bin/sh\n${forwarding}\n`, { mode: 0o755 });
    const sources = order("five", "1");
    // As the engine runs it, somewhere in the checkout.
    const context = sources.context.map((each) => ({ ...each, from: join(PROJECT, each.from) }));
    const input = { order: { ...sources, context }, kubeconfig: "a-secret" };
    const step = (action: string): Promise<{ stdout: string; stderr: string }> =>
      execa("bash", ["-s", "--", action], {
        cwd: join(PROJECT, "apps/registry"),
        input: renderStep(readFileSync(BUILD_SCRIPT, "utf8"), {
          ...{ INPUT: JSON.stringify(input), VOLUME: "1", DISKS: "2" },
        }),
      });
    const first = await step("create");
    expect(resultOf(first.stdout)).toMatch(/^sha256:[0-9a-f]{64}\n\{"amd64":3\d{6}\}$/);
    expect(first.stderr).toContain("five: building for amd64 with buildah");
    expect(first.stdout + first.stderr).not.toContain("a-secret");
    const again = await step("update");
    expect(again.stdout).toBe(first.stdout);
    expect(again.stderr).toBe("five: the registry has it; nothing is built or sent");
    expect(resultOf((await step("delete")).stdout)).toBe("");
  });

  it("cannot be put in where nodes pull", async () => {
    const refused = bringOrder(order("four", "1"), (use) => use(pull));
    await expect(refused).rejects.toThrow(BuildError);
    await expect(refused).rejects.toThrow(/the registry refuses .*HTTP 405/);
  });
});
