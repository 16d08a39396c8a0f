import {
  ADDRESS,
  NIC,
  GROUP,
  ROUTE,
  ROUTES,
  RULES,
  SUBNET,
  VNET,
} from "@fogline/azure-checks/world";
import { beforeEach, describe, expect, it } from "vitest";

import { checkInputs } from "./contract.ts";
import { nftables, type FabricRoute } from "./fabric.ts";
import { routesOf } from "./network.ts";
import { INPUTS, TestCloud } from "./testing/cloud.ts";

const { resourceGroupName } = INPUTS.subnet;
const TABLE = { ...INPUTS.group, routeTableName: "routes" };
const TO_OVERLAY = {
  resourceGroupName,
  routeTableName: "routes",
  routeName: "overlay",
  addressPrefix: "10.101.0.0/16",
  nextHopType: "VirtualAppliance",
  nextHopIpAddress: "10.10.1.4",
};

let test: TestCloud;

beforeEach(async () => {
  test = new TestCloud();
  await test.create(GROUP, INPUTS.group);
  await test.create(VNET, INPUTS.vnet);
  await test.create(RULES, INPUTS.rules);
  await test.create(ADDRESS, INPUTS.address("hub-ip"));
});

/** A subnet with a route table, a NIC in it, a route to that NIC. */
async function build(nic: object): Promise<readonly FabricRoute[]> {
  const { id } = await test.create(ROUTES, TABLE);
  await test.create(SUBNET, { ...INPUTS.subnet, routeTable: { id } });
  await test.create(NIC, { ...INPUTS.nic("hub", "hub-ip"), ...nic });
  await test.create(ROUTE, TO_OVERLAY);
  return test.cloud.ofType(SUBNET).flatMap((subnet) => routesOf(test.cloud, subnet));
}

describe("a route table", () => {
  it("leads the subnet's machines through a NIC that forwards", async () => {
    expect(await build({ enableIPForwarding: true })).toMatchObject([
      { prefix: "10.101.0.0/16", via: "10.10.1.4" },
    ]);
  });

  it("leads nowhere through a NIC that does not forward, as in Azure", async () => {
    expect(await build({})).toEqual([]);
  });

  it("cannot go while a subnet uses it", async () => {
    await build({ enableIPForwarding: true });
    const [table] = test.cloud.ofType(ROUTES);
    await expect(test.delete(ROUTES, table?.id)).rejects.toThrow(/InUse/);
  });

  it("knows no other way on than a machine", () => {
    const problems = checkInputs(ROUTE, { ...TO_OVERLAY, nextHopType: "Internet" });
    expect(problems.map(({ property }) => property)).toContain("nextHopType");
  });
});

describe("the fabric with routes", () => {
  it("lets machines of the subnet through, and nobody from the internet", () => {
    const route = { bridge: "br-a", prefix: "10.101.0.0/16", via: "10.10.1.4" };
    const lines = nftables(["br-a"], [], [route]).split("\n");
    const through = lines.filter((line) => line.includes("10.101.0.0/16"));
    expect(through).toEqual(['    iifname "br-a" ip daddr 10.101.0.0/16 accept']);
  });
});
