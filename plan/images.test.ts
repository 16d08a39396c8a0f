import { describe, expect, it } from "vitest";

import { imagesOf, rolloutsOf } from "./images.ts";
import { json } from "./json.ts";
import type { LastUp } from "./last-up.ts";
import { markdown } from "./markdown.ts";
import { reportOf } from "./report.ts";
import type { Planned } from "./snapshot.ts";
import { planned } from "./testing/planned.ts";

const DIGEST = `@sha256:${"1".repeat(64)}`;
const BUILT = "images.fogline.internal/website";
const OTHER = "docker.io/library/postgres";

/** A resource whose pods run some images. */
function pods(kind: string, name: string, ...images: readonly string[]): Planned {
  const containers = images.map((image) => ({ name: "c", image: `${image}${DIGEST}` }));
  const inputs = { spec: { template: { spec: { containers } } } };
  return planned({ type: `kubernetes:apps/v1:${kind}`, name, inputs });
}

const resources = [
  pods("Deployment", "website-deployment", BUILT),
  pods("StatefulSet", "database-server", `${OTHER}:17`, `${OTHER}:17`),
  pods("Deployment", "new", BUILT),
];

/** What the state has of a Deployment's last rollout. */
function status(revision: string, ended: string): Record<string, unknown> {
  return {
    metadata: {
      name: "website-dep",
      creationTimestamp: "2026-11-28T06:00:00Z",
      annotations: { "deployment.kubernetes.io/revision": revision },
    },
    status: {
      conditions: [
        { type: "Progressing", reason: "NewReplicaSetAvailable", lastUpdateTime: ended },
      ],
    },
  };
}

function state(outputs: Record<string, unknown>, deployment: Record<string, unknown>): LastUp {
  const [website, database] = resources;
  return {
    kind: "read",
    outputs,
    resources: [
      { urn: website?.urn ?? "", type: website?.type ?? "", outputs: deployment },
      { urn: database?.urn ?? "", type: database?.type ?? "", outputs: {} },
    ],
  };
}

const sizes = (amd64: number): Record<string, unknown> => ({
  builtImages: { [BUILT]: { digest: "sha256:1", bytes: { amd64, arm64: 44_900_000 } } },
});

describe("images in a plan", () => {
  it("are listed once each with what runs them, and with the size that the last up recorded", () => {
    const read = state(sizes(45_720_000), status("1", "2026-11-28T06:00:09Z"));
    expect(imagesOf(resources, read)).toEqual([
      { image: OTHER, resources: ["database-server"], bytes: {} },
      {
        image: BUILT,
        resources: ["website-deployment", "new"],
        bytes: { amd64: 45_720_000, arm64: 44_900_000 },
      },
    ]);
  });

  it.each([
    ["no such output", {}],
    ["another form of it", { builtImages: ["x"] }],
    ["a secret in its place", { builtImages: { "4dabf1": "1b4706", ciphertext: "v1:AAAA" } }],
  ])("have no size where the state has %s", (_, outputs) => {
    const lines = imagesOf(resources, state(outputs, {}));
    expect(lines.map(({ bytes }) => bytes)).toEqual([{}, {}]);
  });
});

describe("rollouts in a plan", () => {
  it("have the time of the first, which alone the state has a beginning of", () => {
    const words = (revision: string): unknown[] =>
      rolloutsOf(resources, state({}, status(revision, "2026-11-28T06:00:09Z"))).map(
        ({ rollout }) => (rollout.kind === "took" ? rollout.seconds : rollout.why),
      );
    const rest = ["Kubernetes keeps no time of a StatefulSet's", "it was not there at the last up"];
    expect(words("1")).toEqual([9, ...rest]);
    expect(words("2")).toEqual(["the state has no beginning of a rollout but the first", ...rest]);
    expect(rolloutsOf(resources, state({}, {}))[0]?.rollout).toMatchObject({ kind: "unknown" });
  });

  it("are left out where no state was read", () => {
    expect(rolloutsOf(resources, { kind: "unread", why: "w" })).toEqual([]);
  });
});

describe("the report", () => {
  const head = {
    kind: "planned",
    snapshot: { stack: "dev", settings: {}, resources, exemptions: { nodePorts: [] }, outputs: {} },
  } as const;
  const section = (read?: LastUp): string => {
    const text = markdown(reportOf("dev", head, undefined, undefined, read));
    return /### Images\n\n([^]*?)\n\n### Policies/.exec(text)?.[1] ?? "";
  };

  it("shows both, and marks what is larger or slower than it is meant to be", () => {
    const read = state(sizes(123_400_000), status("1", "2026-11-28T06:02:00Z"));
    expect(section(read)).toMatchInlineSnapshot(`
      "| Image | For | Compressed |
      | --- | --- | --- |
      | \`docker.io/library/postgres\` | \`database-server\` | not known |
      | \`images.fogline.internal/website\` | \`website-deployment\`, \`new\` | ⚠️ 123.4 MB (amd64), 44.9 MB (arm64), above the 100.0 MB that the website is meant to stay below |

      Sizes are those of images that the last \`up\` built; of others the state keeps none.

      ### Last rollouts

      | What | Time |
      | --- | --- |
      | \`website-deployment\` | ⚠️ 120 s, longer than the 60 s that a rollout is meant to take |
      | \`database-server\` | not known: Kubernetes keeps no time of a StatefulSet's |
      | \`new\` | not known: it was not there at the last up |"
    `);
  });

  it("says why nothing is known, and refuses nothing for it", () => {
    const why = "before the first `up` nothing is in the state of dev";
    expect(section({ kind: "unread", why })).toContain(
      `Sizes and times of rollouts are not known: ${why}.`,
    );
    expect(section()).not.toContain("### Last rollouts");
    expect(section(state({}, {}))).toContain("built: it built none, or told none; of others");
  });

  it("says the same as JSON", () => {
    const read = state(sizes(45_720_000), status("1", "2026-11-28T06:00:09Z"));
    expect(JSON.parse(json(reportOf("dev", head, undefined, undefined, read)))).toMatchObject({
      images: [{ image: OTHER }, { image: BUILT, bytes: { amd64: 45_720_000 } }],
      rollouts: [{ name: "website-deployment", rollout: { seconds: 9 } }, {}, {}],
    });
    const unread = json(reportOf("dev", head, undefined, undefined));
    expect(JSON.parse(unread)).toMatchObject({ unread: "no state was looked for", rollouts: [] });
  });
});
