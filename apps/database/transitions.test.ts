import { describe, expect, it } from "vitest";

import { parse } from "../../config/schema.ts";
import type { Transition } from "../../config/transition-kind.ts";
import { builtWith, transitions } from "../../config/transition.ts";
import { settings } from "./settings.ts";

const apps = { database: { settings } };
const digest = (sign: string): string => `sha256:${sign.repeat(64)}`;
const base = {
  image: `docker.io/library/postgres:17@${digest("1")}`,
  storage: "2Gi",
};

/** The changes between a stack and the same with another database. */
function changes(after: Partial<typeof base>, overlay: object = {}): Transition[] {
  const built = (database: object, rest: object) =>
    builtWith(
      parse(
        {
          cloud: { sshFrom: ["203.0.113.7/32"] },
          k3s: { version: "v1.35.3+k3s1", sha256: { arm64: "a".repeat(64) } },
          database,
          ...rest,
        },
        apps,
      ),
      apps,
    );
  return transitions(built(base, {}), built({ ...base, ...after }, { overlay }), apps);
}

function postgres(tag: string, sign = "2"): Partial<typeof base> {
  return { image: `docker.io/library/postgres${tag}@${digest(sign)}` };
}

const REFUSED = { level: "stop", refused: true };
const TOLD = { level: "mind", refused: false };

describe("a change of the database of a running cluster", () => {
  it("is nothing where the settings are the same, or harmless", () => {
    expect(changes({})).toEqual([]);
    expect(changes(postgres(":17.6"))).toEqual([]);
  });

  it.each([
    ["the next PostgreSQL", postgres(":18"), "database.image", "docs/plan.md"],
    ["the PostgreSQL before", postgres(":16"), "database.image", "put 17 back"],
    ["PostgreSQL on Alpine", postgres(":17-alpine"), "database.image", "docs/plan.md"],
    ["a smaller volume", { storage: "1Gi" }, "database.storage", "put 2Gi back"],
    ["a volume that is smaller in MiB", { storage: "2000Mi" }, "database.storage", "put 2Gi back"],
  ])("is refused when it is %s", (_, after, path, fix) => {
    const found = changes(after);
    expect(found[0]).toMatchObject({ ...REFUSED, path: `fogline:${path}` });
    expect(found[0]?.fix).toContain(fix);
  });

  it.each([
    ["another digest of one tag", postgres(":17"), "database.image"],
    ["an image without a tag", postgres(""), "database.image"],
    ["another Debian below PostgreSQL", postgres(":17-bookworm"), "database.image"],
    ["a larger volume", { storage: "4Gi" }, "database.storage"],
  ])("is told, not refused, when it is %s", (_, after, path) => {
    expect(changes(after)).toMatchObject([{ ...TOLD, path: `fogline:${path}` }]);
  });

  it("says that the digest alone tells no version", () => {
    expect(changes(postgres(":17"))[0]?.rule).toContain("only the registry knows");
  });

  it("knows the official image by its name behind another registry", () => {
    const image = `mirror.fog.io/library/postgres:18@${digest("3")}`;
    expect(changes({ image })).toMatchObject([REFUSED]);
  });

  it("is told before milder ones of the program's own sections", () => {
    const found = changes({ storage: "1Gi" }, { listenPort: 51999 });
    expect(found.map(({ level }) => level)).toEqual(["stop", "mind"]);
  });
});
