import { expect, test } from "vitest";

import type { ImageBytes } from "../../apps/measures.ts";
import { sizeOf } from "./measure.ts";
import { imageLines, measureLines, rolloutLines, type Measured } from "./measures.ts";

const DIGEST = `@sha256:${"1".repeat(64)}`;
const pod = (...images: readonly string[]): Measured => ({
  kind: "Pod",
  metadata: { name: "p", namespace: "website" },
  spec: { containers: images.map((image) => ({ image })) },
});

/** A Deployment and the ReplicaSet of its last rollout. */
function deployment(name: string, began: string, ended: string, reason = "NewReplicaSetAvailable") {
  const annotations = { "deployment.kubernetes.io/revision": "3" };
  const metadata = { name, namespace: "website", uid: `${name}-uid`, annotations };
  const conditions = [{ type: "Progressing", reason, lastUpdateTime: ended }];
  return [
    { kind: "Deployment", metadata, status: { conditions } },
    {
      kind: "ReplicaSet",
      metadata: {
        name: `${name}-1`,
        namespace: "website",
        annotations,
        creationTimestamp: began,
        ownerReferences: [{ uid: `${name}-uid` }],
      },
    },
  ] satisfies Measured[];
}

test("images are shown once each with their compressed size, the largest first", () => {
  const sizes: Readonly<Record<string, ImageBytes>> = {
    [`docker.io/fogline/postgres${DIGEST}`]: { amd64: 61_300_000 },
    [`docker.io/fogline/website${DIGEST}`]: { amd64: 45_720_000 },
    [`images.fogline.internal/hello${DIGEST}`]: { amd64: 130_000_000, arm64: 129_960_000 },
  };
  const pods = [
    pod(`docker.io/fogline/website${DIGEST}`),
    pod(`docker.io/fogline/website${DIGEST}`, "docker.io/fogline/other:1"),
    pod(`docker.io/fogline/postgres${DIGEST}`, `images.fogline.internal/hello${DIGEST}`),
  ];
  expect(imageLines(pods, (image) => sizes[image] ?? {})).toEqual([
    "images.fogline.internal/hello  130.0 MB (amd64), 130.0 MB (arm64)",
    "docker.io/fogline/postgres     61.3 MB",
    "docker.io/fogline/website      45.7 MB",
    "docker.io/fogline/other        not known here",
  ]);
});

test("a website that is larger than it is meant to be is said to be", () => {
  const image = `docker.io/fogline/website${DIGEST}`;
  expect(imageLines([pod(image)], () => ({ amd64: 100_000_001 }))).toEqual([
    "docker.io/fogline/website  100.0 MB, above the 100.0 MB that the website is meant to stay below",
  ]);
  expect(imageLines([pod(image)], () => ({ amd64: 100_000_000 }))).toEqual([
    "docker.io/fogline/website  100.0 MB",
  ]);
});

test("rollouts are shown with their time, or with why it is not known", () => {
  const kinds = (["DaemonSet", "StatefulSet"] as const).map((kind): Measured => ({
    kind,
    metadata: { name: kind.toLowerCase(), namespace: "z" },
  }));
  const objects = [
    ...deployment("quick", "2026-11-28T06:00:00Z", "2026-11-28T06:00:08Z"),
    ...deployment("slow", "2026-11-28T06:00:00Z", "2026-11-28T06:01:01Z"),
    ...deployment("going", "2026-11-28T06:00:00Z", "", "ReplicaSetUpdated"),
    ...kinds,
  ];
  expect(rolloutLines(objects)).toEqual([
    "website/going  not known: it is under way (ReplicaSetUpdated)",
    "website/quick  8 s",
    "website/slow   61 s, longer than the 60 s that a rollout is meant to take",
    "z/daemonset    not known: Kubernetes keeps no time of a DaemonSet's",
    "z/statefulset  not known: Kubernetes keeps no time of a StatefulSet's",
  ]);
});

test("both stand under their titles, where there are some", () => {
  expect(measureLines([], () => ({}))).toEqual([
    "images, compressed as nodes pull them:",
    "  none",
    "last rollouts:",
    "  none",
  ]);
});

test("a built image has the size of what was built last, unless a former one still runs", () => {
  const image = "images.fogline.internal/website";
  const bytes = { amd64: 5, arm64: 6 };
  const outputs = { builtImages: { [image]: { digest: "sha256:1", bytes } } };
  expect(sizeOf(`${image}@sha256:1`, outputs)).toEqual(bytes);
  expect(sizeOf(`${image}@sha256:2`, outputs)).toEqual({});
  expect(sizeOf("docker.io/fogline/unknown:1", outputs)).toEqual({});
  expect(sizeOf(`docker.io/fogline/unknown${DIGEST}`, {})).toEqual({});
});
