import { expect, it } from "vitest";

import { APPS } from "../apps/index.ts";
import { parse } from "../config/schema.ts";
import { dangersOf, settingsDangers } from "./dangers.ts";
import { differenceBetween } from "./difference.ts";
import type { Planned, Snapshot } from "./snapshot.ts";
import { planned } from "./testing/planned.ts";

function service(name: string, aliases: readonly string[] = []): Planned {
  return planned({
    type: "kubernetes:core/v1:Service",
    name,
    inputs: { metadata: { name: "website-serv", namespace: "website" } },
    aliases,
  });
}

function urnOf(name: string): string {
  return `urn:pulumi:dev::fogline::kubernetes:core/v1:Service::${name}`;
}

function snapshot(...resources: Planned[]): Snapshot {
  return { stack: "dev", settings: {}, resources, exemptions: { nodePorts: [] }, outputs: {} };
}

function dangers(before: Planned, after: Planned): string[] {
  const difference = differenceBetween(snapshot(before), snapshot(after));
  return dangersOf(difference, [], []).map(({ level, text }) => `${level}: ${text}`);
}

it("of a Kubernetes resource that is renamed are told unless it has an alias", () => {
  expect(dangers(service("old"), service("new"))).toEqual([
    "stop: deletes Service new after it was taken over: it was old before; add an alias of its old URN",
  ]);
  expect(dangers(service("old"), service("new", [urnOf("old")]))).toEqual([]);
});

it("tells changes of settings that a running cluster does not survive, and that `up` refuses them", () => {
  const image = `docker.io/library/postgres:17@sha256:${"1".repeat(64)}`;
  const settings = (overlay: object): Readonly<Record<string, unknown>> => ({
    ...parse(
      {
        cloud: { sshFrom: ["203.0.113.7/32"] },
        edge: [{ name: "cabin", reach: "bundle" }],
        overlay,
        k3s: { version: "v1.36.3+k3s1", sha256: { arm64: "1".repeat(64) } },
        website: { image },
        database: { image },
        ingress: { image },
      },
      APPS,
    ),
  });
  expect(settingsDangers(settings({}), settings({ listenPort: 51999 }))).toMatchObject([
    {
      level: "stop",
      kind: "cluster",
      refused: true,
      text: expect.stringMatching(
        /^fogline:overlay\.listenPort .*cabin.*`pulumi up` refuses it/,
      ) as string,
    },
  ]);
  expect(settingsDangers(settings({}), settings({}))).toEqual([]);
  expect(settingsDangers({}, settings({}))).toEqual([]);
});
