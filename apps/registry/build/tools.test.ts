import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { BuildOrder } from "./order.ts";
import { Builder } from "./tools.ts";

const order: BuildOrder = {
  name: "website",
  key: "abc",
  archs: ["amd64", "arm64"],
  args: { BASE: "docker.io/library/node@sha256:1" },
  context: [],
};
const BUILT = "localhost/fogline/website:abc-arm64";
const PLATFORM = `--build-arg=BUILDPLATFORM=linux/${process.arch === "arm64" ? "arm64" : "amd64"}`;
const NAMED = `--platform=linux/arm64 --build-arg=BASE=docker.io/library/node@sha256:1 --tag=${BUILT}`;

let folder: string;
let path: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-tools-"));
  mkdirSync(join(folder, "bin"));
  path = process.env["PATH"];
  // bash and sh for the programs below; none that builds images.
  for (const name of ["bash", "cat"]) {
    program(name, `#!/bin/sh\nexec /bin/${name} "$@"`);
  }
  process.env["PATH"] = join(folder, "bin");
});

afterEach(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true });
});

function program(name: string, text: string): void {
  writeFileSync(join(folder, "bin", name), text, { mode: 0o755 });
}

/** A program that notes what it is told; `failing` is the first word that it fails at. */
function fake(name: string, failing = "nothing"): void {
  program(
    name,
    `#!/bin/sh
echo "$*" >>${folder}/calls
if [ "$1" = ${failing} ]; then echo "${name} cannot $1" >&2; exit 1; fi
`,
  );
}

const calls = (): string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

describe("the program that builds images", () => {
  it.each([
    [
      "buildah",
      ["version", `build --timestamp=0 --layers=true ${PLATFORM} ${NAMED} /context`],
      [`push ${BUILT} docker-archive:/file`, `rmi ${BUILT}`],
    ],
    [
      "podman",
      ["info", `build --timestamp=0 --layers=true ${PLATFORM} ${NAMED} /context`],
      [`save --format=docker-archive --output=/file ${BUILT}`, `rmi ${BUILT}`],
    ],
    [
      "docker",
      ["version", `build ${NAMED} /context`],
      [`save --output=/file ${BUILT}`, `image rm ${BUILT}`],
    ],
  ])("may be %s, which leaves no name behind", async (name, first, then) => {
    fake(name);
    const builder = await Builder.find({});
    expect(builder.name).toBe(name);
    await builder.build(order, "arm64", "/context", "/file");
    expect(calls()).toEqual([...first, ...then]);
  });

  it("is the first that works, or the one that BUILD_TOOL names", async () => {
    fake("buildah", "version");
    fake("podman");
    fake("docker");
    expect((await Builder.find({})).name).toBe("podman");
    expect((await Builder.find({ BUILD_TOOL: "docker" })).name).toBe("docker");
    await expect(Builder.find({ BUILD_TOOL: "kaniko" })).rejects.toThrow(
      "BUILD_TOOL is kaniko: it must be buildah, podman, docker or unset",
    );
  });

  it("is asked for by the names of all three, with what each lacks", async () => {
    fake("docker", "version");
    await expect(Builder.find({})).rejects.toThrow(
      /^this computer cannot build images\n {2}buildah: is not installed\n {2}podman: is not installed\n {2}docker: docker cannot version\nfix: install one of buildah, podman and docker, or name a published image/,
    );
  });

  it("says which step failed, and why", async () => {
    fake("buildah", "build");
    const builder = await Builder.find({});
    await expect(builder.build(order, "arm64", "/context", "/file")).rejects.toThrow(
      "building website for arm64 with buildah failed\nbuildah cannot build",
    );
  });
});
