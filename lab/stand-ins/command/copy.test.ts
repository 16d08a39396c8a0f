import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ownFolder } from "../../testing/folder.ts";
import { copyToRemote, type Source } from "./copy.ts";
import { TestServer } from "./testing/server.ts";

const server = { current: new TestServer() };
let folder = "";

beforeEach(async () => {
  folder = ownFolder();
  await mkdir(join(folder, "from/sub"), { recursive: true });
  await writeFile(join(folder, "from/a"), "A");
  await writeFile(join(folder, "from/sub/b"), "");
  server.current = new TestServer();
  await server.current.listen();
});

afterEach(async () => {
  await server.current.close();
});

function copy(source: Source, target: string): Promise<void> {
  const how = { signal: new AbortController().signal, say: () => undefined };
  return copyToRemote(server.current.connection, source, join(folder, target), how);
}

// The file server is OpenSSH's own (Debian: openssh-sftp-server).
describe("a copy to another machine", () => {
  it("makes a text a file, with the folders above it", async () => {
    await copy({ text: "hällo" }, "new/deep/file");
    expect(await readFile(join(folder, "new/deep/file"), "utf8")).toBe("hällo");
    await expect(copy({ text: "" }, "new")).rejects.toThrow("is a folder");
  });

  it("puts a file in place of the old one, whose mode and links stay", async () => {
    await writeFile(join(folder, "old"), "long old text");
    await chmod(join(folder, "old"), 0o600);
    await symlink("old", join(folder, "link"));
    await copy({ path: join(folder, "from/a") }, "link");
    expect(await readFile(join(folder, "old"), "utf8")).toBe("A");
    expect((await stat(join(folder, "old"))).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).sort()).toEqual(["from", "link", "old"]);
  });

  it("puts a file into a folder that exists", async () => {
    await mkdir(join(folder, "to"));
    await copy({ path: join(folder, "from/a") }, "to");
    expect(await readFile(join(folder, "to/a"), "utf8")).toBe("A");
  });

  it("copies a folder by its name, or its contents after a slash, again and again", async () => {
    await copy({ path: join(folder, "from") }, "to");
    await copy({ path: join(folder, "from") }, "to");
    await copy({ path: `${join(folder, "from")}/` }, "to");
    const files = await readdir(join(folder, "to"), { recursive: true });
    expect(files.sort()).toEqual(["a", "from", "from/a", "from/sub", "from/sub/b", "sub", "sub/b"]);
  });

  it("fails where a file is in the way of a folder, and leaves nothing behind", async () => {
    await writeFile(join(folder, "to"), "");
    await expect(copy({ path: join(folder, "from") }, "to")).rejects.toThrow(
      `${join(folder, "to")} exists and is no folder`,
    );
    await expect(copy({ text: "x" }, "from/a/b")).rejects.toThrow("is no folder");
  });
});
