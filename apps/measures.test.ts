import { describe, expect, it } from "vitest";

import {
  firstRolloutOf,
  isLargeWebsite,
  repositoryOf,
  REVISION,
  rolloutOf,
  rolloutWords,
  sizeWords,
  type Rolled,
} from "./measures.ts";

const DONE = { type: "Progressing", reason: "NewReplicaSetAvailable" };

/** A Deployment whose last rollout ended at a time. */
function deployment(revision: string, ended: string, reason = DONE.reason): Rolled {
  return {
    metadata: {
      name: "d",
      uid: "u",
      annotations: { [REVISION]: revision },
      creationTimestamp: "2026-11-28T06:00:00Z",
    },
    status: { conditions: [{ ...DONE, reason, lastUpdateTime: ended }] },
  };
}

/** A ReplicaSet of a Deployment. */
function replicaSet(
  revision: string,
  began: string,
  annotations: Record<string, string> = {},
  uid = "u",
): Rolled {
  return {
    metadata: {
      name: "r",
      annotations: { [REVISION]: revision, ...annotations },
      creationTimestamp: began,
      ownerReferences: [{ uid }],
    },
  };
}

describe("the last rollout of a Deployment", () => {
  const ended = deployment("2", "2026-11-28T07:00:09Z");

  it("is from its own newest ReplicaSet to the moment when all pods are available", () => {
    const sets = [
      replicaSet("1", "2026-11-28T06:00:00Z"),
      replicaSet("2", "2026-11-28T06:59:00Z", {}, "another"),
      replicaSet("2", "2026-11-28T07:00:00Z"),
    ];
    expect(rolloutOf(ended, sets)).toEqual({ kind: "took", seconds: 9 });
  });

  it("is not known where it goes on, went back, or has no times", () => {
    const sets = [replicaSet("2", "2026-11-28T07:00:00Z")];
    const why = (of: Rolled, from = sets): string => rolloutWords(rolloutOf(of, from));
    expect(why(deployment("2", "", "ReplicaSetUpdated"))).toContain("it is under way");
    expect(why(deployment("2", "", "ProgressDeadlineExceeded"))).toContain("Deadline");
    expect(why({ metadata: ended.metadata })).toContain("it has not begun");
    expect(why(ended, [])).toContain("its times are missing");
    const former = { "deployment.kubernetes.io/revision-history": "1" };
    const back = [replicaSet("2", "2026-11-28T05:00:00Z", former)];
    expect(why(ended, back)).toContain("it went back to an earlier ReplicaSet");
    expect(why(ended, [replicaSet("2", "2026-11-28T08:00:00Z")])).toContain("missing");
  });

  it("follows from the Deployment alone where it was the first", () => {
    expect(firstRolloutOf(deployment("1", "2026-11-28T06:00:12Z"))).toEqual({
      kind: "took",
      seconds: 12,
    });
    expect(rolloutWords(firstRolloutOf(ended))).toContain(
      "no beginning of a rollout but the first",
    );
  });

  it("is said to be long above a minute", () => {
    expect(rolloutWords({ kind: "took", seconds: 60 })).toBe("60 s");
    expect(rolloutWords({ kind: "took", seconds: 61 })).toMatch(/^61 s, longer than the 60 s/);
  });
});

describe("an image", () => {
  it.each([
    ["docker.io/library/postgres:17@sha256:11", "docker.io/library/postgres"],
    ["192.0.2.10:5443/fogline/website@sha256:11", "192.0.2.10:5443/fogline/website"],
    ["r.fog.io:5000/website:1.2", "r.fog.io:5000/website"],
    ["images.fogline.internal/website", "images.fogline.internal/website"],
  ])("%s is of the repository %s", (image, repository) => {
    expect(repositoryOf(image)).toBe(repository);
  });

  it("has a size in words, for each processor where there are several", () => {
    expect(sizeWords({})).toBeUndefined();
    expect(sizeWords({ arm64: 45_700_000 })).toBe("45.7 MB");
    expect(sizeWords({ amd64: 1e6, arm64: 2e6 })).toBe("1.0 MB (amd64), 2.0 MB (arm64)");
  });

  it.each([
    ["ghcr.io/fog/fogline-website@sha256:11", 100_000_001, true],
    ["images.fogline.internal/website@sha256:11", 100_000_001, true],
    ["images.fogline.internal/website@sha256:11", 100_000_000, false],
    ["docker.io/library/postgres:17@sha256:11", 900_000_000, false],
  ])("%s of %i bytes is a website that is too large: %s", (image, size, isLarge) => {
    expect(isLargeWebsite(image, { arm64: size, amd64: 1 })).toBe(isLarge);
  });
});
