import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { execa } from "execa";
import { beforeEach, describe, expect, test } from "vitest";

import { ownFolder } from "../testing/folder.ts";
import { Internet } from "../testing/internet.ts";
import { cached, inCache } from "./cache.ts";
import { officialFile, part, readToolchainLock, type Part } from "./lock.ts";
import {
  findOfficial,
  installOfficial,
  officialOptions,
  officialPart,
  type OfficialOptions,
} from "./official.ts";
import { describeReport, reportLine } from "./report.ts";

const silent = (): void => undefined;
let folder: string;

beforeEach(() => {
  folder = ownFolder();
});

function locked(sha256?: string): Part {
  const release = { url: "https://example.org/v1%2B1/tool", ...(sha256 ? { sha256 } : {}) };
  return { version: "v1", official: { amd64: release, arm64: release }, registry: { go: "x" } };
}

function sum(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("official files that the user brings", () => {
  const options = (): { artifacts: string; offline: boolean } => ({
    artifacts: folder,
    offline: true,
  });

  test("are installed when their sum is the lock's", async () => {
    writeFileSync(join(folder, "tool"), "good");
    const found = await findOfficial("made", locked(sum("good")), "amd64", options());
    expect(found.source).toBe("artifacts");
    if (found.source !== undefined) {
      await installOfficial("made", locked(sum("good")), found, folder, silent);
    }
    expect(await readFile(join(folder, "made"), "utf8")).toBe("good");
  });

  test("are unpacked from an archive with what stands beside the program", async () => {
    await execa("sh", ["-c", "mkdir pulumi && echo a >pulumi/made && echo b >pulumi/host"], {
      cwd: folder,
    });
    await execa("tar", ["-czf", "tool", "pulumi"], { cwd: folder });
    const archive = await readFile(join(folder, "tool"));
    const part = locked(sum(archive));
    const packed = {
      ...part,
      official: { ...part.official, executable: "pulumi/made" },
    } as Part;
    const found = await findOfficial("made", packed, "amd64", options());
    const target = join(folder, "bin");
    await mkdir(target);
    if (found.source !== undefined) {
      await installOfficial("made", packed, found, target, silent);
    }
    expect((await readdir(target)).sort()).toEqual(["host", "made"]);
  });

  test("are refused with file, expected and actual sum when they are not", async () => {
    writeFileSync(join(folder, "tool"), "evil");
    const part = locked(sum("good"));
    const found = await findOfficial("made", part, "amd64", options());
    if (found.source === undefined) {
      expect.unreachable("the file was not found");
    }
    const install = installOfficial("made", part, found, folder, silent);
    await expect(install).rejects.toThrow(
      new RegExp(`${join(folder, "tool")}[\\s\\S]*${sum("good")}[\\s\\S]*${sum("evil")}`),
    );
    expect(existsSync(join(folder, "made"))).toBe(false);
  });

  test("are refused when the lock has no sum to check them against", async () => {
    writeFileSync(join(folder, "tool"), "any");
    await expect(findOfficial("made", locked(), "amd64", options())).rejects.toThrow(
      /no SHA-256 for made[\s\S]*parts\.made\.official\.amd64\.sha256/,
    );
  });

  test("must stand in a folder that exists", () => {
    expect(() => officialOptions({ ARTIFACTS: join(folder, "none") })).toThrow(/no folder/);
    expect(officialOptions({})).toEqual({ artifacts: undefined, offline: false });
  });
});

describe("official downloads", () => {
  test("are not tried without a sum, nor offline, and the reason is told", async () => {
    const offline = { offline: true };
    expect(await findOfficial("x", locked(), "amd64", offline)).toEqual({
      source: undefined,
      reason: "the lock holds no SHA-256 of the official file",
    });
    expect(await findOfficial("x", locked(sum("")), "amd64", offline)).toEqual({
      source: undefined,
      reason: "FOGLINE_OFFLINE is set",
    });
  });

  test("that cannot be reached hold up the start once for each host, and the reason is told", async () => {
    let asked = 0;
    const fetch = (): Promise<Response> => {
      asked += 1;
      const cause = Object.assign(new Error("getaddrinfo EAI_AGAIN"), { code: "EAI_AGAIN" });
      return Promise.reject(new TypeError("fetch failed", { cause }));
    };
    const options = { offline: false, fetch };
    for (const name of ["k3s", "traefik", "netclient"]) {
      expect(await findOfficial(name, locked(sum("")), "amd64", options)).toEqual({
        source: undefined,
        reason: "example.org cannot be reached",
      });
    }
    expect(asked).toBe(1);
  });

  test("that a host refuses are not waited for", async () => {
    await using internet = await Internet.start();
    const options = { offline: false, fetch: internet.fetch };
    expect(await findOfficial("k3s", locked(sum("")), "amd64", options)).toEqual({
      source: undefined,
      reason: "example.org answers 404",
    });
  });

  test("are found by the name their maker gave them", () => {
    expect(officialFile("https://example.org/v1%2B1/tool%2Bk3s1.tar.gz")).toBe("tool+k3s1.tar.gz");
  });
});

describe("a part of the lab", () => {
  const url = "https://example.org/v1%2B1/tool";

  /** The part as `make up` gets it; the cache and what the user brings are the test's. */
  const get = (options: OfficialOptions, digest: string): ReturnType<typeof officialPart> =>
    officialPart({
      name: "tool",
      part: locked(digest),
      arch: "amd64",
      options,
      say: silent,
      cache: join(folder, "cache"),
    });

  test("is exactly the file in ARTIFACTS whose sum is in the lock, and says so", async () => {
    const artifacts = join(folder, "artifacts");
    mkdirSync(artifacts);
    writeFileSync(join(artifacts, "tool"), "official");
    await using internet = await Internet.start();
    internet.file(url, "official");
    const made = await get({ artifacts, offline: false, fetch: internet.fetch }, sum("official"));
    if (!("entry" in made)) {
      expect.unreachable(made.reason);
    }
    expect(await readFile(join(made.entry.folder, "tool"), "utf8")).toBe("official");
    expect(made.line).toEqual({
      part: "tool",
      version: "v1",
      source: "artifacts",
      sha256: sum("official"),
    });
    expect(describeReport([made.line])).toEqual(["official, from ARTIFACTS: tool v1"]);
    expect(internet.asked).toEqual([]);
  });

  test("is the official one where its maker can be reached, and is fetched once", async () => {
    await using internet = await Internet.start();
    internet.file(url, "official");
    const options = { offline: false, fetch: internet.fetch };
    for (const time of [1, 2]) {
      const made = await get(options, sum("official"));
      expect("line" in made && describeReport([made.line])).toEqual([
        "official, downloaded: tool v1",
      ]);
      expect(
        internet.asked.map(({ method }) => method),
        `time ${time}`,
      ).toEqual(["HEAD", "GET"]);
    }
  });

  test("is never a file of another sum, whoever it is from, and nothing of that stays", async () => {
    await using internet = await Internet.start();
    internet.file(url, "changed");
    const options = { offline: false, fetch: internet.fetch };
    await expect(get(options, sum("official"))).rejects.toThrow(sum("changed"));
    expect(await readdir(join(folder, "cache"))).toEqual([]);
  });

  test("is not made of a download that broke off, which names the way around", async () => {
    await using internet = await Internet.start();
    internet.on(url, (response, { method }) => {
      response.writeHead(200, { "Content-Length": 100 });
      if (method === "HEAD") {
        response.end();
      } else {
        response.write("off", () => response.destroy());
      }
    });
    const broken = get({ offline: false, fetch: internet.fetch }, sum("official"));
    await expect(broken).rejects.toThrow(
      /downloading https:\/\/example.org[\s\S]*cut off after 3[\s\S]*ARTIFACTS=folder/,
    );
    expect(await readdir(join(folder, "cache"))).toEqual([]);
  });

  test("reports the version that runs: a wheel may be another one than the official file", () => {
    const wheel = { platform: "any", sha256: sum("") };
    const part: Part = {
      version: "v1.37.2",
      registry: { wheel: "tool-bin==1.37.1", executable: "tool", amd64: wheel, arm64: wheel },
    };
    const entry = (source: string) => ({ folder, source, sums: { tool: sum("x") } });
    expect(reportLine("tool", part, entry("registries"), "tool").version).toBe("v1.37.1");
    expect(reportLine("tool", part, entry("official"), "tool").version).toBe("v1.37.2");
  });
});

describe("the lock file", () => {
  test("has the versions that are built and stood in for where nothing official is to be had", async () => {
    const lock = readToolchainLock();
    const read = (path: string): Promise<string> =>
      readFile(join(import.meta.dirname, "..", path), "utf8");
    const pulumi = /\sgithub\.com\/pulumi\/pulumi\/pkg\/v3 (\S+)/.exec(
      await read("toolchain/pulumi/go.mod"),
    );
    expect(part(lock, "pulumi").version).toBe(pulumi?.[1]);
    expect(await read("stand-ins/k3s/build.sh")).toContain(
      `VERSION=${part(lock, "k3s").version}\n`,
    );
  });

  test("pins every part; sums stand wherever something is fetched", () => {
    const lock = readToolchainLock();
    for (const name of ["pulumi", "k3s", "traefik", "kubectl"]) {
      expect(part(lock, name).version).toMatch(/^v\d/);
    }
    expect(part(lock, "pulumi-resource-azure-native").official).toBeUndefined();
  });

  test("is refused with every wrong field named", async () => {
    const path = join(folder, "lock.yaml");
    await writeFile(path, "parts: { x: { version: 1, registry: { wheel: unpinned } } }");
    expect(() => readToolchainLock(path)).toThrow(/version[\s\S]*registry/);
  });
});

describe("the cache", () => {
  test("makes a part once for the same inputs and anew for others", async () => {
    let made = 0;
    const make = async (draft: string): Promise<string> => {
      made += 1;
      await writeFile(join(draft, "tool"), "content");
      return "registries";
    };
    const first = await cached("tool", ["a"], make, folder);
    expect(first.sums).toEqual({ tool: sum("content") });
    await cached("tool", ["a"], make, folder);
    expect(made).toBe(1);
    await cached("tool", ["b"], make, folder);
    expect(made).toBe(2);
  });

  test("keeps nothing of a part whose making failed", async () => {
    const broken = cached(
      "tool",
      ["a"],
      async (draft) => {
        await writeFile(join(draft, "tool"), "half");
        throw new Error("compiler says no");
      },
      folder,
    );
    await expect(broken).rejects.toThrow("compiler says no");
    expect(await inCache("tool", ["a"], folder)).toBeUndefined();
  });

  test("forgets versions that were not used for long, and half-made ones", async () => {
    mkdirSync(join(folder, ".tool.999999999"));
    for (const [index, input] of ["a", "b", "c", "d"].entries()) {
      const make = async (draft: string): Promise<string> => {
        await writeFile(join(draft, "tool"), input);
        return "registries";
      };
      const { folder: made } = await cached("tool", [input], make, folder);
      await utimes(made, index, index);
    }
    expect(await inCache("tool", ["a"], folder)).toBeUndefined();
    expect(await inCache("tool", ["b"], folder)).toBeDefined();
    expect(await readdir(folder)).toHaveLength(3);
  });

  test("makes a part again whose files were cut short", async () => {
    const make = async (draft: string): Promise<string> => {
      await writeFile(join(draft, "tool"), "content");
      return "registries";
    };
    const entry = await cached("tool", ["a"], make, folder);
    await writeFile(join(entry.folder, "tool"), "con");
    expect(await inCache("tool", ["a"], folder)).toBeUndefined();
    await cached("tool", ["a"], make, folder);
    expect(await readFile(join(entry.folder, "tool"), "utf8")).toBe("content");
  });
});
