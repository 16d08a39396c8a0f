/** The Netmaker library as somebody without this repository has it: out of its packed file. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { build } from "./build.ts";

const INSTALLED = join(import.meta.dirname, "../node_modules");
const LIBRARY = "@fogline/pulumi-netmaker";

const folder = mkdtempSync(join(tmpdir(), "fogline-packed-"));
const library = join(folder, "node_modules", LIBRARY);
let packed: readonly string[] = [];

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bundleDependencies: readonly string[];
}

/** Packs the library and puts it where npm would, with nothing but what it declares. */
beforeAll(async () => {
  const built = join(folder, "built");
  build("pulumi-netmaker", built);
  const npm = ["pack", "--json", "--pack-destination", folder, built];
  const { stdout } = await execa("npm", npm, { cwd: folder });
  const [tarball] = JSON.parse(stdout) as {
    readonly filename: string;
    readonly files: readonly { readonly path: string }[];
  }[];
  packed = tarball?.files.map(({ path }) => path) ?? [];
  rmSync(built, { recursive: true });

  mkdirSync(library, { recursive: true });
  const file = join(folder, tarball?.filename ?? "");
  await execa("tar", ["--extract", "--file", file, "--strip-components=1", "-C", library]);
  const manifest = JSON.parse(readFileSync(join(library, "package.json"), "utf8")) as Manifest;
  const declared = Object.keys(manifest.dependencies);
  for (const name of declared.filter((each) => !manifest.bundleDependencies.includes(each))) {
    const place = join(folder, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(INSTALLED, name), place);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("the packed library", () => {
  it("holds JavaScript, declarations and the plugin, and nothing of this repository's tests", () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        "README.md",
        "api/index.d.ts",
        "api/index.js",
        "provider/main.js",
        "provider/pulumi-resource-netmaker",
        "node_modules/@fogline/pulumi-kit/serve.js",
      ]),
    );
    const strangers = packed.filter(
      (file) => /(?<!\.d)\.ts$|\.test\.|testing\//.test(file) || /^(contract|example)/.test(file),
    );
    expect(strangers).toEqual([]);
  });

  it("is imported by a program of plain JavaScript", async () => {
    writeFileSync(
      join(folder, "program.js"),
      `import { Network } from "${LIBRARY}";
       import { NetmakerClient } from "${LIBRARY}/api";
       import { networkRefusals } from "${LIBRARY}/rules";
       import { readInventory } from "${LIBRARY}/inventory/inventory";
       const url = "https://api.example.com";
       const client = new NetmakerClient({ url, credentials: { masterKey: "k" } });
       const refused = networkRefusals({ name: "UPPER", addressRange: "10.1.0.0/16" }, []);
       console.log(typeof client.networks.list, typeof Network, typeof readInventory, refused.length);`,
    );
    const { stdout } = await execa("node", ["program.js"], { cwd: folder });
    expect(stdout).toBe("function function function 1");
  });

  it("has types that a strict program is checked by", async () => {
    const program = (name: string): string =>
      `import { Network } from "${LIBRARY}";
       import type { NetmakerClient } from "${LIBRARY}/api";
       export const net = new Network("home", { name: ${name}, addressRange: "10.1.0.0/16" });
       export const names = async (client: NetmakerClient): Promise<string[]> =>
         (await client.networks.list()).map((network) => network.name);`;
    const check = (): Promise<{ readonly stdout: string }> =>
      execa(
        join(INSTALLED, ".bin/tsc"),
        [
          ...["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"],
          ...["--target", "es2022", "program.ts"],
        ],
        { cwd: folder, reject: false },
      );
    writeFileSync(join(folder, "program.ts"), program('"home"'));
    expect((await check()).stdout).toBe("");
    writeFileSync(join(folder, "program.ts"), program("1"));
    expect((await check()).stdout).toContain("Type 'number' is not assignable to type");
  });

  it("brings the plugin that the engine starts", async () => {
    const launcher = join(library, "provider/pulumi-resource-netmaker");
    const plugin = spawn(launcher, { cwd: "/", stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(createInterface({ input: plugin.stdout }), "line")) as [string];
    expect(port).toMatch(/^\d+$/);
    plugin.kill();
    await once(plugin, "close");
  });
});
