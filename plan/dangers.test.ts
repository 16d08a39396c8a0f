import { expect, it } from "vitest";

import { dangersOf } from "./dangers.ts";
import { differenceBetween } from "./difference.ts";
import type { Planned, Snapshot } from "./snapshot.ts";

function service(name: string, aliases: readonly string[] = []): Planned {
  return {
    urn: urnOf(name),
    id: `${name}-id`,
    type: "kubernetes:core/v1:Service",
    name,
    inputs: { metadata: { name: "website-serv", namespace: "website" } },
    answers: [],
    custom: true,
    dependencies: [],
    propertyDependencies: {},
    protect: false,
    retainOnDelete: false,
    deleteBeforeReplace: false,
    ignoreChanges: [],
    replaceOnChanges: [],
    aliases,
    additionalSecretOutputs: [],
  };
}

function urnOf(name: string): string {
  return `urn:pulumi:dev::fogline::kubernetes:core/v1:Service::${name}`;
}

function snapshot(...resources: Planned[]): Snapshot {
  return { stack: "dev", settings: {}, resources, outputs: {} };
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
