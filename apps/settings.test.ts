/** Settings of the apps beside the program's own, as one stack file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";

import { placeholders } from "../config/placeholders.ts";
import { SettingsError, type Problem } from "../config/problems.ts";
import { parse } from "../config/schema.ts";
import { APPS } from "./index.ts";

const sum = "0".repeat(64);
const valid = {
  cloud: { sshFrom: ["203.0.113.7/32"] },
  k3s: { version: "v1.36.3+k3s1", sha256: { arm64: sum } },
  website: { image: `docker.io/fogline/website@sha256:${sum}` },
  database: { image: `docker.io/library/postgres:17@sha256:${sum}` },
  ingress: { image: `docker.io/library/traefik:v3.7@sha256:${sum}` },
};

function problemsOf(over: Readonly<Record<string, object>>): readonly Problem[] {
  const laid = Object.entries({ ...valid, ...over }).map(([name, section]) => [
    name,
    { ...(valid[name as keyof typeof valid] as object | undefined), ...section },
  ]);
  try {
    parse(Object.fromEntries(laid) as Readonly<Record<string, unknown>>, APPS);
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

/** Settings of a worked stack of this tree. */
function worked(stack: string): Readonly<Record<string, unknown>> {
  const file = join(import.meta.dirname, `../Pulumi.${stack}.yaml`);
  const { config } = parseYaml(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("fogline:", ""), value]),
  );
}

describe("settings of apps", () => {
  it("fill in the documented defaults", () => {
    const settings = parse(valid, APPS);
    expect(settings.website.replicas).toBe(4);
    expect(settings.database.storage).toBe("1Gi");
    expect(settings.descheduler).toEqual({ intervalSeconds: 30 });
    expect(Object.isFrozen(settings.website)).toBe(true);
    expect(settings.registry.storage).toBe("10Gi");
    expect(settings.registry.bases.debian).toMatch(/^docker\.io\/library\/debian:.*@sha256:/);
    const website = { image: "build" };
    expect(parse({ ...valid, website }, APPS).website.image).toBe("build");
  });

  it.each<readonly [string, Readonly<Record<string, object>>, string, string]>([
    ["a misspelt section", { webste: {} }, "webste", "did you mean website?"],
    ["a misspelt key", { website: { replcas: 4 } }, "website.replcas", "did you mean replicas?"],
    [
      "a minimum above the maximum",
      { website: { minReplicas: 9, maxReplicas: 3 } },
      "website.minReplicas",
      "smaller of the two",
    ],
    ["an image that is no digest", { website: { image: "latest" } }, "website.image", "build"],
    ["a registry for itself", { registry: { image: "build" } }, "registry.image", "docker.io/"],
    [
      "a base without its digest",
      { registry: { bases: { node: "node:22" } } },
      "registry.bases.node",
      "@sha256:",
    ],
    ["no pods", { website: { replicas: 0 } }, "website.replicas", "at least 1"],
    ["more votes than a disk holds", { database: { storage: "30Gi" } }, "database.storage", "less"],
    ["no room for votes", { database: { storage: "0Gi" } }, "database.storage", "like 1Gi"],
  ])("refuse %s and name the fix", (_, over, path, fix) => {
    const problem = problemsOf(over).find((each) => each.path === `fogline:${path}`);
    expect(problem?.fix).toContain(fix);
  });

  it("that do not fit on the workers' disks say how large those are", () => {
    const [problem] = problemsOf({ database: { storage: "30Gi" } });
    expect(problem?.rule).toContain("30 GiB");
    const cloud = { ...valid.cloud, disk: { sizeGiB: 64 } };
    expect(problemsOf({ cloud, database: { storage: "30Gi" } })).toEqual([]);
  });

  it("are told with the program's own, although sections are wrong in themselves", () => {
    const paths = problemsOf({
      cloud: { sshFrom: [], workers: [], network: "10.42.0.0/16" },
      website: { replicas: 0, minReplicas: 9, maxReplicas: 3 },
      database: { image: "postgres:17", storage: "40Gi" },
      nonsense: {},
    }).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "fogline:nonsense",
        "fogline:cloud.sshFrom",
        "fogline:cloud.workers",
        "fogline:website.replicas",
        "fogline:website.minReplicas",
        "fogline:database.image",
        "fogline:cloud.network",
      ]),
    );
    // Which disks there will be, nobody knows.
    expect(paths).not.toContain("fogline:database.storage");
  });

  it("run rules on the parts of a section that are right", () => {
    const paths = problemsOf({ database: { image: "postgres:17", storage: "40Gi" } }).map(
      ({ path }) => path,
    );
    expect(paths).toEqual(["fogline:database.image", "fogline:database.storage"]);
  });
});

it.each(["dev", "prod"])("of the worked stack %s need no published image of ours", (stack) => {
  expect(parse(worked(stack), APPS).website.image).toBe("build");
});

describe("values that stand for others", () => {
  it.each(["dev", "prod"])("of the worked stack %s are what its user has to fill in", (stack) => {
    expect(placeholders(parse(worked(stack), APPS)).map(({ path }) => path)).toEqual([
      "fogline:cloud.sshFrom[0]",
      "fogline:edge[0].hostKey",
      "fogline:ingress.image",
      "fogline:descheduler.image",
    ]);
  });
});
