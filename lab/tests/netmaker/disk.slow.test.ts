/** A server whose disk is full: a real one, of two megabytes. */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmdirSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { TestNetmaker } from "../../stand-ins/netmaker/testing/server.ts";
import { mesh, type Otherwise } from "../../testing/netmaker/mesh.ts";
import { TestStack } from "../../testing/netmaker/stack.ts";

const disk = mkdtempSync(join(tmpdir(), "fogline-disk-"));
const filler = join(disk, "filler");

beforeAll(() => {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m,mode=0700", "fogline-disk", disk]);
});
afterAll(() => {
  execFileSync("umount", [disk]);
  rmdirSync(disk);
});

function fill(): void {
  const block = Buffer.alloc(4096, 1);
  expect(() => {
    for (;;) {
      appendFileSync(filler, block);
    }
  }).toThrow("ENOSPC");
}

it("says so, keeps what it has, and takes the rest when there is room again", async () => {
  await using server = await TestNetmaker.startWithUser(disk);
  await using stack = await TestStack.create(mesh(server));
  await stack.up();
  // Longer than what the database has room for in the files that it has.
  const longer: Otherwise = { cloud: { description: "x".repeat(500_000) } };

  fill();
  await expect(stack.up(mesh(server, longer))).rejects.toThrow(
    /PUT \/api\/v1\/egress: \d+: .*disk is full/,
  );
  // It goes on answering, also from its disk.
  await server.restart();
  expect(await stack.refresh()).toEqual({});
  expect(await server.client.externalClients.list("mesh")).toHaveLength(2);

  unlinkSync(filler);
  expect(await stack.up(mesh(server, longer))).toEqual({ update: ["cloud"] });
  const [cloud] = await server.client.egresses.list("mesh");
  expect(cloud?.description).toHaveLength(500_000);
});
