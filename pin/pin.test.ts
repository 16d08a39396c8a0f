import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { APPS } from "../apps/index.ts";
import { read } from "../config/schema.ts";
import { Internet } from "../lab/testing/internet.ts";
import { sha256 } from "../lab/testing/registry.ts";
import { apiHost, parseRef } from "../lab/toolchain/image-registry.ts";
import { readToolchainLock } from "../lab/toolchain/lock.ts";
import { requestOf } from "./cli.ts";
import { YamlFile } from "./document.ts";
import { isInOrder, pin, type Report } from "./pin.ts";
import { PINNED } from "./pinned.ts";
import { checksumsOf, clientsOf, githubRelease, putImage, type Hosts } from "./testing/hosts.ts";
import { reportText } from "./text.ts";

const TOP = join(import.meta.dirname, "..");
const [DEV, LOCK] = [join(TOP, "Pulumi.dev.yaml"), join(TOP, "lab", "toolchain", "lock.yaml")];

let internet: Internet;
let hosts: Hosts;
let folder: string;

beforeEach(async () => {
  internet = await Internet.start();
  hosts = clientsOf(internet);
  folder = mkdtempSync(join(tmpdir(), "fogline-pin-"));
});

afterEach(async () => {
  await internet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function copyOf(path: string, name: string): string {
  const copy = join(folder, name);
  copyFileSync(path, copy);
  return copy;
}

/** The lab's lock with nothing pinned but K3s, whatever is pinned by now. */
function barelyPinned(): string {
  const pins = /(?<=url: .*\n) {8}sha256: (?!2f98a9f8|c9a20910).*\n|@sha256:[0-9a-f]{64}$/gm;
  const path = join(folder, "lock.yaml");
  writeFileSync(path, readFileSync(LOCK, "utf8").replaceAll(pins, ""));
  return path;
}

function stackOf(text: string): string {
  const path = join(folder, "Pulumi.mine.yaml");
  writeFileSync(path, text);
  return path;
}

/** Every checksum file, release and image that the lab's lock names, as their hosts publish them. */
function publishLock(): void {
  const { parts, images } = readToolchainLock(LOCK);
  for (const { registry, repository, tag = "" } of Object.values(images)) {
    putImage(internet, apiHost({ registry }), repository, tag);
  }
  for (const { official } of Object.values(parts)) {
    for (const arch of ["amd64", "arm64"] as const) {
      const url = official?.[arch]?.url;
      if (official === undefined || url === undefined) {
        continue;
      }
      const name = nameOf(url);
      const checksums = official.checksums?.replaceAll("{arch}", arch);
      if (checksums === undefined) {
        const [, repository = "", tag = ""] =
          /github\.com\/(.+)\/releases\/download\/(.+)\//.exec(url) ?? [];
        internet.file(
          `https://api.github.com/repos/${repository}/releases/tags/${tag}`,
          githubRelease(
            Object.fromEntries(
              ["amd64", "arm64"].map((each) => {
                const file = name.replace(arch, each);
                return [file, `sha256:${sha256(file)}`];
              }),
            ),
          ),
        );
        continue;
      }
      const files = [official.amd64.url, official.arm64?.url ?? ""].map(nameOf);
      const text = checksums.endsWith(`${name}.sha256`) ? sha256(name) : checksumsOf(...files);
      internet.file(checksums, text);
      if (official.signed !== undefined) {
        internet.file(`${checksums}.sig`, hosts.sigstore.bundle(Buffer.from(text)));
      }
    }
  }
}

function nameOf(url: string): string {
  return decodeURIComponent(url.split("/").at(-1) ?? "");
}

/** Images of a worked stack and of the apps; the digests that their tags lead to. */
function publishImages(): Record<string, string> {
  const images = ["docker.io/library/postgres:17", "docker.io/library/traefik:v3.7"]
    .concat("registry.k8s.io/descheduler/descheduler:v0.36.0")
    .concat(PINNED.map(({ image }) => image.split("@")[0] ?? ""));
  return Object.fromEntries(
    images.map((image) => {
      const { registry = "", repository = "", tag = "" } = parseRef(image) ?? {};
      const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
      return [image, putImage(internet, host, repository, tag)];
    }),
  );
}

const text = (report: Report, check = false): string => reportText(report, folder, check);

describe("pinning the lab's lock", () => {
  it("writes a sum for every official file, a digest for every image, and nothing else", async () => {
    publishLock();
    const lock = barelyPinned();
    const report = await pin({ lock, check: false }, hosts);
    expect(isInOrder(report, false)).toBe(true);
    for (const { official } of Object.values(readToolchainLock(lock).parts)) {
      for (const release of [official?.amd64, official?.arm64]) {
        expect(release?.sha256).toBe(release && sha256(nameOf(release.url)));
      }
    }
    const digests = Object.values(readToolchainLock(lock).images).map(({ digest }) => digest);
    expect(digests.filter((digest) => !/^sha256:[0-9a-f]{64}$/.test(digest ?? ""))).toEqual([]);
    const withoutSums = (path: string): string =>
      readFileSync(path, "utf8").replaceAll(/^ {8}sha256: .*\n|@sha256:[0-9a-f]{64}$/gm, "");
    expect(withoutSums(lock)).toBe(withoutSums(LOCK));
  });

  it("shows old and new with their source, and has nothing to do a second time", async () => {
    publishLock();
    const lock = barelyPinned();
    const first = text(await pin({ lock, check: false }, hosts));
    const k3s = sha256("k3s");
    expect(first).toContain(
      `  ~ k3s v1.36.3+k3s1, amd64\n      2f98a9f8fe5782479ee2d54e70a1b10a7f6fd4cae8d38ed3098452dc6eed76b5\n   -> ${k3s}\n      the release's checksums, not signed\n`,
    );
    expect(first).toContain("  + pulumi v3.250.0, arm64\n      none\n");
    const traefik = readToolchainLock(lock).images["traefik"];
    expect(first).toContain(
      `  + image traefik (docker.io/library/traefik:v3.7)\n      none\n   -> ${traefik?.digest ?? ""}\n      registry-1.docker.io, for amd64, arm64`,
    );
    expect(first).toContain("checksums signed by https://github.com/pulumi/pulumi/");
    expect(first).toContain("A sum that was pinned has changed.");
    const second = text(await pin({ lock, check: false }, hosts));
    expect(second).toContain(`  = k3s v1.36.3+k3s1, amd64: the release's checksums, not signed`);
    expect(second).toMatch(/nothing to change\.\n$/);
  });

  it("writes what it found and tells everything that it did not, at once", async () => {
    publishLock();
    const lock = barelyPinned();
    const { parts } = readToolchainLock(LOCK);
    internet.status(parts["traefik"]?.official?.checksums ?? "", 404);
    internet.file(`${parts["pulumi"]?.official?.checksums ?? ""}.sig`, "forged");
    internet.status("https://registry.k8s.io/v2/descheduler/descheduler/manifests/v0.36.0", 429);
    const report = await pin({ lock, check: false }, hosts);
    expect(isInOrder(report, false)).toBe(false);
    const pinned = readToolchainLock(lock).parts;
    expect(pinned["traefik"]?.official?.amd64.sha256).toBeUndefined();
    expect(pinned["pulumi"]?.official?.amd64.sha256).toBeUndefined();
    expect(pinned["netmaker"]?.official?.amd64.sha256).toBe(sha256("netmaker-linux-amd64"));
    const told = text(report);
    expect(told).toMatch(
      /Not found\n {2}! .*signature does not prove[\s\S]*! the server answers 404/,
    );
    expect(told).toContain("traefik v3.7.15, arm64: https://github.com/traefik/");
    expect(told).toMatch(
      /! the registry limits requests\n[\s\S]*image descheduler \(registry\.k8s\.io/,
    );
    expect(told).toMatch(/; 5 values not found\.\n$/);
  });

  it("says once that there is no network, and writes nothing", async () => {
    const lock = barelyPinned();
    const before = readFileSync(lock, "utf8");
    const report = await pin({ lock, check: false }, clientsOf(unreachable()));
    expect(readFileSync(lock, "utf8")).toBe(before);
    const told = text(report);
    expect(told.match(/the name github.com cannot be resolved/g)).toHaveLength(1);
    expect(told.match(/the name registry-1.docker.io cannot be resolved/g)).toHaveLength(1);
    expect(told).toMatch(/nothing to change; \d+ values not found/);
  });
});

describe("pinning a stack's file", () => {
  it("writes sums and digests in place, with every comment, so that they are right settings", async () => {
    publishLock();
    const digests = publishImages();
    const stack = copyOf(DEV, "Pulumi.mine.yaml");
    const report = await pin({ stack, check: false }, hosts);
    expect(isInOrder(report, false)).toBe(true);
    const expected = readFileSync(DEV, "utf8")
      .replace(/(traefik:v3\.7)@sha256:0+/, `$1@${digests["docker.io/library/traefik:v3.7"] ?? ""}`)
      .replace(
        /(descheduler:v0\.36\.0)@sha256:0+/,
        `$1@${digests["registry.k8s.io/descheduler/descheduler:v0.36.0"] ?? ""}`,
      )
      .replace(/(postgres:17)@\S+/, `$1@${digests["docker.io/library/postgres:17"] ?? ""}`)
      .replace(/amd64: 2f98\S+/, `amd64: ${sha256("k3s")}`)
      .replace(/arm64: c9a2\S+/, `arm64: ${sha256("k3s-arm64")}`);
    expect(readFileSync(stack, "utf8")).toBe(expected);
    const { config } = new YamlFile(stack).data() as { config: Record<string, unknown> };
    const raw = Object.entries(config).map(
      ([key, value]) => [key.slice("fogline:".length), value] as const,
    );
    expect(read(Object.fromEntries<unknown>(raw), APPS).problems).toEqual([]);
  });

  it("looks and writes nothing when it is only to check, and says by its end whether all is well", async () => {
    publishLock();
    publishImages();
    const stack = copyOf(DEV, "Pulumi.mine.yaml");
    const report = await pin({ stack, check: true }, hosts);
    expect(readFileSync(stack, "utf8")).toBe(readFileSync(DEV, "utf8"));
    expect(isInOrder(report, true)).toBe(false);
    expect(text(report, true)).toContain("5 values would change; nothing was written.");
    await pin({ stack, check: false }, hosts);
    expect(isInOrder(await pin({ stack, check: true }, hosts), true)).toBe(true);
  });

  it("compares the images that apps pin, without changing them or failing for them", async () => {
    publishLock();
    publishImages();
    const stack = copyOf(DEV, "Pulumi.mine.yaml");
    internet.status("https://ghcr.io/v2/headlamp-k8s/headlamp/manifests/v0.45.0", 429);
    const report = await pin({ stack, check: false }, hosts);
    expect(isInOrder(report, false)).toBe(true);
    const told = text(report);
    expect(told).toMatch(
      /Pinned by apps, and their tags lead elsewhere[\s\S]*~ apps\/registry\/images\.ts/,
    );
    expect(told).toMatch(
      /not compared\n.*limits requests[\s\S]*apps\/dashboard\/images\.ts: ghcr\.io/,
    );
  });

  it("adds sums for machines that have none, and digests for images that have only a tag", async () => {
    publishLock();
    const digests = publishImages();
    const stack = stackOf(`config:
  fogline:cloud:
    arch: amd64
    sshFrom: [8.8.4.4/32] # mine
  fogline:edge:
    - name: pi
      arch: arm64
      host: 192.168.1.50
      hostKey: none yet
  fogline:k3s:
    version: v1.36.3+k3s1
  fogline:registry:
    bases: { debian: docker.io/library/debian:trixie-slim }
  fogline:ingress:
    image: docker.io/library/traefik:v3.7
  fogline:website:
    image: build
`);
    await pin({ stack, check: false }, hosts);
    expect(readFileSync(stack, "utf8")).toContain(`
  fogline:k3s:
    version: v1.36.3+k3s1
    sha256:
      amd64: ${sha256("k3s")}
      arm64: ${sha256("k3s-arm64")}
  fogline:registry:
    bases: { debian: docker.io/library/debian:trixie-slim@${digests["docker.io/library/debian:trixie-slim"] ?? ""} }
  fogline:ingress:
    image: docker.io/library/traefik:v3.7@${digests["docker.io/library/traefik:v3.7"] ?? ""}
`);
  });

  it("pins what a Netmaker overlay runs", async () => {
    publishLock();
    const stack = stackOf(`config:
  fogline:cloud: { arch: amd64 }
  fogline:overlay: { kind: netmaker }
  fogline:k3s: { version: v1.36.3+k3s1 }
`);
    await pin({ stack, check: false }, hosts, []);
    const { config } = new YamlFile(stack).data() as { config: Record<string, unknown> };
    expect(config["fogline:netmaker"]).toEqual({
      server: { sha256: { amd64: sha256("netmaker-linux-amd64") } },
      client: { sha256: { amd64: sha256("netclient-linux-amd64") } },
    });
    expect(config["fogline:k3s"]).toEqual({
      version: "v1.36.3+k3s1",
      sha256: { amd64: sha256("k3s") },
    });
  });

  it("names a setting that says nothing to look up", async () => {
    const stack = stackOf(`config:
  fogline:cloud: { arch: amd64 }
  fogline:k3s: { version: latest }
  fogline:database: { image: postgres:17 }
`);
    const told = text(await pin({ stack, check: false }, hosts, []));
    expect(told).toMatch(
      /! fogline:k3s.version is missing, or no release of K3s\n {6}fix: write it like v1/,
    );
    expect(told).toMatch(/! postgres:17 names no image .*\n.*\n {6}fogline:database.image\n/);
  });
});

describe("the command", () => {
  it("pins the lock alone, with a stack its file as well, or one of both", () => {
    expect(requestOf([], {})).toEqual({ check: false, lock: LOCK });
    expect(requestOf(["--check"], { STACK: "dev" })).toEqual({
      check: true,
      lock: LOCK,
      stack: DEV,
    });
    expect(requestOf(["--only=stack"], { STACK: "dev" })).toEqual({ check: false, stack: DEV });
    expect(requestOf(["--only=lock"], { STACK: "dev" })).toEqual({ check: false, lock: LOCK });
  });

  it.each([
    [["--dry"], {}, /--dry/],
    [["--only=all"], {}, /--only=all is not known/],
    [["--only=stack"], {}, /needs a stack/],
    [[], { STACK: "lab" }, /make up adds them/],
    [[], { STACK: "../x" }, /no stack/],
  ])("refuses %j with %j", (args, env, message) => {
    expect(() => requestOf(args, env)).toThrow(message);
  });

  it("refuses a stack that has no file", async () => {
    const stack = join(folder, "Pulumi.none.yaml");
    await expect(pin({ stack, check: false }, hosts)).rejects.toThrow(
      /Pulumi.none.yaml cannot be read/,
    );
  });
});

it("images that apps pin are ones that can be looked up", () => {
  expect(
    PINNED.map(({ image }) => parseRef(image)).filter((ref) => !ref?.tag || !ref.digest),
  ).toEqual([]);
});

/** An internet where no name can be resolved. */
function unreachable(): Internet {
  const cause = Object.assign(new Error("getaddrinfo EAI_AGAIN"), { code: "EAI_AGAIN" });
  const fetch = (): Promise<Response> => Promise.reject(new TypeError("fetch failed", { cause }));
  return Object.assign(Object.create(Internet.prototype) as Internet, { fetch });
}
