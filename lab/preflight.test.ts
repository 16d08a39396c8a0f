import { describe, expect, test } from "vitest";

import { inspect, preflight, type Probes } from "./preflight.ts";

/** A computer on which everything is right, with changes. */
function computer(changes: Partial<Probes> = {}): Probes {
  return {
    platform: "linux",
    uid: 0,
    memoryGiB: 16,
    nodeVersion: "20.17.0",
    distribution: 'NAME="Debian"\nID=debian\n',
    exists: () => true,
    hasCommand: () => true,
    freeGiB: () => 100,
    goVersion: () => Promise.resolve("go1.26.8"),
    missingKernelFeatures: () => Promise.resolve([]),
    ...changes,
  };
}

const NEEDS = [
  { name: "nftables", shownBy: "nft", isForCheck: false },
  { name: "libc6-dev", shownBy: "/usr/include/stdio.h", isForCheck: false },
];

describe("the check of the computer", () => {
  test("finds nothing where everything is right", async () => {
    expect(await inspect(computer(), NEEDS)).toEqual({ unmet: [], packages: [] });
  });

  test("names everything that is missing at once, each with its fix", async () => {
    const { unmet } = await inspect(
      computer({
        uid: 1000,
        memoryGiB: 4,
        nodeVersion: "18.19.1",
        freeGiB: () => 3,
        exists: () => false,
        hasCommand: (name) => name !== "npm",
        goVersion: () => Promise.resolve("go1.22.1"),
      }),
      NEEDS,
    );
    const text = unmet.map(({ what }) => what).join("\n");
    for (const word of ["root", "memory", "Node.js", "GiB free", "/dev/net/tun", "npm", "Go is"]) {
      expect(text).toContain(word);
    }
    expect(unmet.every(({ fix }) => fix !== "")).toBe(true);
  });

  test("asks for Linux and for nothing more elsewhere", async () => {
    const { unmet } = await inspect(computer({ platform: "darwin", uid: 501 }), NEEDS);
    expect(unmet.map(({ what }) => what)).toEqual(["the lab runs on Linux, this is darwin"]);
  });

  test("leaves packages to be installed on Debian and its children", async () => {
    const without = { hasCommand: (name: string) => name !== "nft" };
    for (const distribution of ["ID=debian\n", 'ID=mint\nID_LIKE="ubuntu debian"\n']) {
      expect(await inspect(computer({ ...without, distribution }), NEEDS)).toEqual({
        unmet: [],
        packages: ["nftables"],
      });
    }
  });

  test("lists commands with their fix elsewhere", async () => {
    const { unmet, packages } = await inspect(
      computer({ hasCommand: (name) => name !== "nft", distribution: "ID=fedora\n" }),
      NEEDS,
    );
    expect(packages).toEqual([]);
    expect(unmet).toEqual([{ what: "not found: nft", fix: "install what Debian calls: nftables" }]);
  });

  test("names kernel features that do not work, and asks for them only as root", async () => {
    const missingKernelFeatures = (): Promise<string[]> => Promise.resolve(["vxlan"]);
    const root = await inspect(computer({ missingKernelFeatures }), NEEDS);
    expect(root.unmet[0]?.what).toBe("the kernel's vxlan does not work here");
    const user = await inspect(computer({ missingKernelFeatures, uid: 1000 }), NEEDS);
    expect(user.unmet.map(({ what }) => what).join()).not.toContain("vxlan");
  });

  test("asks for less room once the cache is filled", async () => {
    const warm = computer({ freeGiB: () => 8, exists: () => true });
    expect((await inspect(warm, NEEDS)).unmet).toEqual([]);
    const cold = computer({ freeGiB: () => 8, exists: (path) => !path.includes("toolchain") });
    expect((await inspect(cold, NEEDS)).unmet[0]?.what).toMatch(/15 are needed/);
  });

  test("fails before any work, with the whole list", async () => {
    await expect(
      preflight(() => undefined, computer({ memoryGiB: 2, freeGiB: () => 1 })),
    ).rejects.toThrow(/GiB free[\s\S]*memory[\s\S]*nothing was created/);
  });
});
