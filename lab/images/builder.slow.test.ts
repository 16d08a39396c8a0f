import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, expect, it } from "vitest";

import { digestIn } from "./builder.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-builder-"));
const storage = [
  `--root=${join(folder, "storage")}`,
  `--runroot=${join(folder, "run")}`,
  "--storage-driver=vfs",
];

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("an image has one digest, however many tags name it", async () => {
  const buildah = async (...args: string[]): Promise<string> =>
    (await execa("buildah", [...storage, ...args])).stdout;
  const container = await buildah("from", "scratch");
  await buildah("commit", "--rm", container, "localhost/fogline/base:one");
  await buildah("tag", "localhost/fogline/base:one", "localhost/fogline/base:two");
  const digest = await digestIn(storage, "localhost/fogline/base:one");
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await digestIn(storage, "localhost/fogline/base:two")).toBe(digest);
});
