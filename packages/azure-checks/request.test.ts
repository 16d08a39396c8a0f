import { readFileSync } from "node:fs";

import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import { PUBLISHED } from "./models.ts";
import { FILE, generated } from "./models/generate.ts";
import { requestOf } from "./request.ts";
import { declared, fog } from "./testing/declarations.ts";
import { NIC, NO_SUBSCRIPTION, officialType, SUBNET } from "./world.ts";

describe("the published models", () => {
  it("are what Azure's packages say", async () => {
    expect(readFileSync(FILE, "utf8") === (await generated()), "run models/generate.ts").toBe(true);
  });
});

describe("a request", () => {
  it("holds every value at its place in the body", () => {
    const { inputs = {} } = fog()["WorkerNode-card"] ?? {};
    const { request, refusals } = requestOf(NIC, inputs, NO_SUBSCRIPTION);
    expect(refusals).toEqual([]);
    expect(request).toMatchObject({
      path: `/subscriptions/${NO_SUBSCRIPTION}/resourceGroups/CloudStep/providers/Microsoft.Network/networkInterfaces/WorkerNode-card`,
      apiVersion: "2024-05-01",
      body: {
        location: "East US",
        properties: {
          ipConfigurations: [
            { name: "primary", properties: { privateIPAllocationMethod: "Dynamic" } },
          ],
        },
      },
    });
  });

  it("leaves open what is not known yet", () => {
    const inputs = {
      resourceGroupName: UNKNOWN,
      virtualNetworkName: "fog",
      subnetName: "machines",
      addressPrefix: UNKNOWN,
      serviceEndpoints: UNKNOWN,
    };
    const { request, refusals } = requestOf(SUBNET, inputs, NO_SUBSCRIPTION);
    expect(refusals).toEqual([]);
    expect(request.path).toContain("/resourceGroups/{resourceGroupName}/providers/");
  });

  it("names every wrong value at once, to the last level", () => {
    const inputs = {
      ...fog()["WorkerNode-card"]?.inputs,
      colour: "red",
      ipConfigurations: [{ name: 1, subnet: { id: "x", colour: "red" } }, "second"],
      tags: { a: 1 },
    };
    const { refusals } = requestOf(NIC, inputs, NO_SUBSCRIPTION);
    expect(refusals.map(({ path }) => path).sort()).toEqual([
      "colour",
      "ipConfigurations[0].name",
      "ipConfigurations[0].subnet.colour",
      "ipConfigurations[1]",
      "tags.a",
    ]);
  });

  it("of a type without a model is an error that says what to do", () => {
    expect(() => requestOf("azure-native:web:WebApp", {}, NO_SUBSCRIPTION)).toThrow("generate.ts");
  });

  it("takes Pulumi's own marks for no property", () => {
    for (const { type, inputs } of declared(fog())) {
      const marked = { ...inputs, __defaults: [] };
      expect(requestOf(type, marked, NO_SUBSCRIPTION).refusals, type).toEqual([]);
    }
  });

  it("knows Azure's own names of the types", () => {
    expect(Object.keys(PUBLISHED.types).map(officialType)).toContain(
      "Microsoft.Network/virtualNetworks/subnets",
    );
  });
});
