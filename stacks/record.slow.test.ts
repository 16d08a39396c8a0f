/** The record of what a stack was built with, by the real engine. */
import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";

import { APPS } from "../apps/index.ts";
import { parse } from "../config/schema.ts";
import { TestStack } from "../lab/testing/netmaker/stack.ts";
import { keepRecord, refuseChanges } from "./record.ts";

const image = `docker.io/library/postgres:17@sha256:${"1".repeat(64)}`;

/** A program that declares what it was built with, and something beside it; or fails before that. */
function program(podRange: string, isBroken = false): pulumi.automation.PulumiFn {
  const settings = parse(
    {
      cloud: { sshFrom: ["203.0.113.7/32"] },
      k3s: { version: "v1.36.3+k3s1", sha256: { arm64: "1".repeat(64) }, podRange },
      website: { image },
      database: { image },
      ingress: { image },
    },
    APPS,
  );
  return async () => {
    await refuseChanges(settings, APPS);
    const cluster = new pulumi.Stash("cluster", { input: podRange });
    if (isBroken) {
      throw new pulumi.RunError("the cluster did not come up");
    }
    keepRecord(settings, APPS, [cluster]);
    return { podRange: cluster.input as pulumi.Output<unknown> };
  };
}

it("refuses a change of the cluster before anything is changed, in a preview and without one", async () => {
  await using stack = await TestStack.create(program("10.42.0.0/16", true));
  await expect(stack.up()).rejects.toThrow("the cluster did not come up");
  // The first update failed, so that there is no cluster that its settings could harm.
  await stack.up(program("10.44.0.0/16"));
  const refusal =
    /nothing was changed[^]*podRange changes from 10\.44\.0\.0\/16 to 10\.46\.0\.0\/16/;
  await expect(stack.preview(program("10.46.0.0/16"))).rejects.toThrow(refusal);
  await expect(stack.up(program("10.46.0.0/16"))).rejects.toThrow(refusal);
  expect(await stack.outputs()).toEqual({ podRange: "10.44.0.0/16" });
  expect(await stack.stateFile()).not.toContain("10.46");
  await stack.up(program("10.44.0.0/16"));
  await stack.destroy();
});
