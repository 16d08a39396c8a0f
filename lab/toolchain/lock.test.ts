import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { ownFolder } from "../testing/folder.ts";
import { readToolchainLock, type ToolchainLock } from "./lock.ts";

function read(images: string): ToolchainLock {
  const path = join(ownFolder(), "lock.yaml");
  writeFileSync(path, `parts: {}\n${images}\n`);
  return readToolchainLock(path);
}

describe("images of the lock", () => {
  it("are taken apart, with a digest or before they have one", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const { images } = read(`images:
  postgres: docker.io/library/postgres:17@${digest}
  descheduler: registry.k8s.io/descheduler/descheduler:v0.36.0`);
    expect(images).toEqual({
      postgres: { registry: "docker.io", repository: "library/postgres", tag: "17", digest },
      descheduler: {
        registry: "registry.k8s.io",
        repository: "descheduler/descheduler",
        tag: "v0.36.0",
        digest: undefined,
      },
    });
  });

  it("may be none", () => {
    expect(read("").images).toEqual({});
  });

  it("are refused all at once, by name, when no registry or no tag says what they are", () => {
    const wrong = `images:
  short: postgres:17
  untagged: docker.io/library/postgres@sha256:${"a".repeat(64)}
  cut: docker.io/library/postgres:17@sha256:12`;
    for (const name of ["short", "untagged", "cut"]) {
      expect(() => read(wrong)).toThrow(
        new RegExp(`must name an image like docker\\.io/library/postgres:17[^✖]*images\\.${name}`),
      );
    }
  });
});
