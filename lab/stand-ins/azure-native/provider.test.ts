import {
  ADDRESS,
  NIC,
  GROUP,
  EXTENSION,
  MACHINE,
  parentOf,
  RULES,
  SUBNET,
  VNET,
} from "@fogline/azure-checks/world";
import { SECRET, SIGNATURE } from "@fogline/pulumi-kit/signatures";
import { beforeEach, describe, expect, it } from "vitest";

import { Unreported } from "../../engine/unreported.ts";
import { nicId, INPUTS, SSH_RULE, TestCloud, urnOf } from "./testing/cloud.ts";

let test: TestCloud;

beforeEach(async () => {
  test = new TestCloud();
  await test.create(GROUP, INPUTS.group);
  await test.create(VNET, INPUTS.vnet);
  await test.create(SUBNET, INPUTS.subnet);
  await test.create(RULES, INPUTS.rules);
});

async function createMachine(name: string): Promise<string> {
  await test.create(ADDRESS, INPUTS.address(`${name}-ip`), `${name}-ip`);
  await test.create(NIC, INPUTS.nic(`${name}-nic`, `${name}-ip`), `${name}-nic`);
  return (await test.create(MACHINE, INPUTS.machine(name, `${name}-nic`), name)).id;
}

describe("creating", () => {
  it("hands out addresses without doubles, however many ask at once", async () => {
    const names = ["a", "b", "c", "d"];
    const addresses = await Promise.all(
      names.map((name) => test.create(ADDRESS, INPUTS.address(name))),
    );
    const nics = await Promise.all(names.map((name) => test.create(NIC, INPUTS.nic(name, name))));
    expect(addresses.map(({ outputs }) => outputs["ipAddress"])).toEqual(
      [10, 11, 12, 13].map((n) => `203.0.113.${n}`),
    );
    // Azure keeps .0 to .3 and the last.
    expect(
      nics.map(({ outputs }) => (outputs["ipConfigurations"] as { privateIPAddress: string }[])[0]),
    ).toMatchObject([4, 5, 6, 7].map((n) => ({ privateIPAddress: `10.10.1.${n}` })));
  });

  it("has Azure's ids and outputs", async () => {
    const id = await createMachine("MasterNode");
    expect(id).toMatch(
      /^\/subscriptions\/[0-9-]{36}\/resourceGroups\/fog\/providers\/Microsoft.Compute\/virtualMachines\/MasterNode$/,
    );
    expect(test.cloud.get(id)?.outputs).toMatchObject({
      name: "MasterNode",
      type: "Microsoft.Compute/virtualMachines",
      provisioningState: "Succeeded",
      vmId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it("refuses what exists, across a restart of the plugin", async () => {
    const id = await createMachine("A");
    test = test.restarted();
    await expect(createMachine("A")).rejects.toThrow(
      /^cannot create already existing resource '.*publicIPAddresses\/A-ip'$/,
    );
    await expect(test.create(MACHINE, INPUTS.machine("A", "A-nic"), "A")).rejects.toThrow(
      `cannot create already existing resource '${id}'`,
    );
    expect(test.told).toEqual([]);
  });

  it("refuses what its surroundings do not hold", async () => {
    await expect(test.create(NIC, INPUTS.nic("n", "nowhere"))).rejects.toThrow(
      "InvalidResourceReference",
    );
    await expect(
      test.create(ADDRESS, { ...INPUTS.address("x"), resourceGroupName: "other" }),
    ).rejects.toThrow("ResourceGroupNotFound");
    await expect(test.create(EXTENSION, INPUTS.extension("none"))).rejects.toThrow(
      "ParentResourceNotFound",
    );
    expect(test.cloud.ofType(NIC)).toEqual([]);
  });

  it("refuses a second machine on a NIC and a second NIC on an address", async () => {
    await createMachine("A");
    await expect(test.create(MACHINE, INPUTS.machine("B", "A-nic"))).rejects.toThrow("NicInUse");
    await expect(test.create(NIC, INPUTS.nic("other", "A-ip"))).rejects.toThrow(
      "PublicIPAddressInUse",
    );
  });

  it("takes nothing that Azure refuses, and says all that is wrong with it", async () => {
    await test.create(ADDRESS, INPUTS.address("ip"));
    await test.create(NIC, INPUTS.nic("nic", "ip"));
    const machine = INPUTS.machine("A", "nic", "Standard_B2s");
    const root = { ...machine, osProfile: { ...machine.osProfile, adminUsername: "root" } };
    await expect(test.create(MACHINE, root)).rejects.toThrow(
      /Code="BadRequest" .*'Arm64' was given.*\nCode="InvalidParameter" .*Admin Username/,
    );
    await expect(test.create(MACHINE, { ...machine, osProfile: undefined })).rejects.toThrow(
      "Required parameter 'osProfile' is missing (null).",
    );
    const vnet = { ...INPUTS.vnet, virtualNetworkName: "other", addressSpace: undefined };
    await expect(test.create(VNET, vnet)).rejects.toThrow(
      "Required parameter 'addressSpace.addressPrefixes' is missing (null).",
    );
    const nic = { ...INPUTS.nic("other", "ip"), ipConfigurations: undefined };
    await expect(test.create(NIC, nic)).rejects.toThrow("'ipConfigurations' is missing");
    expect(test.cloud.ofType(MACHINE)).toEqual([]);
    expect(test.told).toEqual([]);
  });

  it("keeps secret what was secret", async () => {
    const tags = { [SIGNATURE]: SECRET };
    const secret = { ...tags, value: { code: "x" } };
    const { outputs } = await test.create(ADDRESS, { ...INPUTS.address("a"), tags: secret });
    expect(outputs["tags"]).toEqual(secret);
    expect(test.cloud.ofType(ADDRESS)[0]?.inputs["tags"]).toEqual({ code: "x" });
  });
});

describe("a creation that was cut off", () => {
  it("goes on where nobody heard of its end, with the same addresses and the same machine", async () => {
    const id = await createMachine("A");
    const before = test.cloud.get(id)?.outputs["vmId"];
    const [{ outputs } = { outputs: {} }] = test.cloud.ofType(ADDRESS);
    const urns = [urnOf(ADDRESS, "A-ip"), urnOf(NIC, "A-nic"), urnOf(MACHINE, "A")];
    test = test.restarted(...urns);
    await createMachine("A");
    expect(test.cloud.get(id)?.outputs["vmId"]).toBe(before);
    expect(test.cloud.ofType(ADDRESS)).toMatchObject([{ outputs }]);
    expect(test.cloud.ofType(NIC)).toHaveLength(1);
    expect(test.told).toEqual(["boot A"]);
    // Now that they are reported, they are not created once more.
    await expect(createMachine("A")).rejects.toThrow("already existing");
    await expect(test.restarted().create(NIC, INPUTS.nic("A-nic", "A-ip"))).rejects.toThrow(
      "already existing",
    );
  });

  it("goes on where it never came to its end, as it is ordered then", async () => {
    test.failure = new Error("killed");
    await expect(createMachine("A")).rejects.toThrow("killed");
    test = test.restarted();
    const other = INPUTS.machine("A", "A-nic", "Standard_B2ps_v2", "ssh-ed25519 B");
    await test.create(MACHINE, other, "A");
    expect(test.told).toEqual(["erase A", "boot A"]);
    expect(test.cloud.ofType(MACHINE)).toMatchObject([
      { inputs: other, outputs: { provisioningState: "Succeeded" } },
    ]);
  });

  it("restarts a machine that is ordered with another size meanwhile", async () => {
    test.failure = new Error("killed");
    await expect(createMachine("A")).rejects.toThrow("killed");
    test = test.restarted();
    await test.create(MACHINE, INPUTS.machine("A", "A-nic", "Standard_B2ps_v2"), "A");
    expect(test.told).toEqual(["halt A", "boot A"]);
  });

  it("of a plugin that died before it could answer goes on as well", async () => {
    const urn = urnOf(ADDRESS, "a");
    const { outputs } = await test.create(ADDRESS, INPUTS.address("a"), "a");
    new Unreported(`${test.file}.unreported`).begin(urn);
    expect((await test.restarted().create(ADDRESS, INPUTS.address("a"), "a")).outputs).toEqual(
      outputs,
    );
  });

  it("stands in nobody's way: it goes with what it uses", async () => {
    await createMachine("A");
    const [subnet] = test.cloud.ofType(SUBNET);
    test = test.restarted(urnOf(NIC, "A-nic"), urnOf(MACHINE, "A"));
    await test.delete(SUBNET, subnet?.id);
    expect(test.cloud.ofType(NIC)).toEqual([]);
    expect(test.cloud.ofType(MACHINE)).toEqual([]);
    expect(test.told).toEqual(["erase A", "remove bridge"]);
  });
});

describe("changing", () => {
  it("restarts a machine for a new size and for nothing less", async () => {
    const id = await createMachine("A");
    const resized = { ...INPUTS.machine("A", "A-nic", "Standard_B2ps_v2"), tags: { a: "b" } };
    await test.update(MACHINE, id, resized);
    await test.update(MACHINE, id, { ...resized, tags: {} });
    expect(test.told).toEqual(["boot A", "halt A", "boot A", "boot A"]);
  });

  it("sees a resize through that was cut off, and loses no machine to it", async () => {
    const id = await createMachine("A");
    const resized = INPUTS.machine("A", "A-nic", "Standard_B2ps_v2");
    test.failure = new Error("killed");
    await expect(test.update(MACHINE, id, resized)).rejects.toThrow("killed");
    expect(test.cloud.get(id)).toMatchObject({
      inputs: INPUTS.machine("A", "A-nic"),
      outputs: { provisioningState: "Updating" },
    });
    test = test.restarted();
    await expect(test.delete(NIC, nicId("A-nic"))).rejects.toThrow("NicInUse");
    await test.update(MACHINE, id, resized);
    expect(test.told).toEqual(["halt A", "boot A"]);
    expect(test.cloud.get(id)).toMatchObject({
      inputs: resized,
      outputs: { provisioningState: "Succeeded" },
    });
  });

  it("refuses to change what Azure does not change on a machine that stands", async () => {
    const id = await createMachine("A");
    const other = INPUTS.machine("A", "A-nic", "Standard_B2ps_v2", "ssh-ed25519 B");
    await expect(test.update(MACHINE, id, other)).rejects.toThrow("PropertyChangeNotAllowed");
    expect(test.told).toEqual(["boot A"]);
  });

  it("remembers nothing that the network did not become", async () => {
    const before = test.cloud.ofType(RULES)[0]?.inputs;
    const id = test.cloud.ofType(RULES)[0]?.id ?? "";
    test.networkFailure = new Error("nft: busy");
    const closed = { ...INPUTS.rules, securityRules: [] };
    await expect(test.update(RULES, id, closed)).rejects.toThrow("nft: busy");
    await expect(test.create(ADDRESS, INPUTS.address("a"))).rejects.toThrow("nft: busy");
    await expect(test.delete(RULES, id)).rejects.toThrow("nft: busy");
    test = test.restarted();
    expect(test.cloud.ofType(ADDRESS)).toEqual([]);
    expect(test.cloud.ofType(RULES)).toMatchObject([{ inputs: before }]);
    await test.update(RULES, id, closed);
    expect(test.applied?.get(id)?.inputs).toEqual(closed);
  });

  it("keeps the old rules when Azure refuses the new ones", async () => {
    const twice = [SSH_RULE, { ...SSH_RULE, name: "again" }];
    const id = test.cloud.ofType(RULES)[0]?.id ?? "";
    await expect(test.update(RULES, id, { ...INPUTS.rules, securityRules: twice })).rejects.toThrow(
      "SecurityRuleConflict",
    );
    expect(test.cloud.ofType(RULES)[0]?.inputs).toEqual(INPUTS.rules);
  });
});

describe("deleting", () => {
  it("goes in order and refuses anything else with Azure's codes", async () => {
    const machine = await createMachine("A");
    const [address] = test.cloud.ofType(ADDRESS);
    const [subnet] = test.cloud.ofType(SUBNET);
    const [rules] = test.cloud.ofType(RULES);
    const remove = (type: string, id?: string): Promise<void> => test.delete(type, id);
    await expect(remove(NIC, nicId("A-nic"))).rejects.toThrow("NicInUse");
    await remove(MACHINE, machine);
    await expect(remove(ADDRESS, address?.id)).rejects.toThrow("PublicIPAddressCannotBeDeleted");
    await expect(remove(SUBNET, subnet?.id)).rejects.toThrow("InUseSubnetCannotBeDeleted");
    await expect(remove(VNET, parentOf(subnet?.id ?? ""))).rejects.toThrow(
      "InUseSubnetCannotBeDeleted",
    );
    await expect(remove(RULES, rules?.id)).rejects.toThrow(
      "InUseNetworkSecurityGroupCannotBeDeleted",
    );
    await remove(NIC, nicId("A-nic"));
    await remove(ADDRESS, address?.id);
    await remove(SUBNET, subnet?.id);
    await remove(SUBNET, subnet?.id);
    expect(test.told).toEqual(["boot A", "erase A", "remove bridge"]);
  });

  it("takes a machine's extensions and a group's everything along", async () => {
    const machine = await createMachine("A");
    await test.create(EXTENSION, INPUTS.extension("A"));
    test.off.add("A");
    await test.delete(MACHINE, machine);
    expect(test.cloud.ofType(EXTENSION)).toEqual([]);
    await createMachine("B");
    const [group] = test.cloud.ofType(GROUP);
    await test.delete(GROUP, group?.id);
    expect(test.cloud.under("")).toEqual([]);
    expect(test.told.slice(-2)).toEqual(["erase B", "remove bridge"]);
  });

  it("takes a machine along with its NIC when its making was cut off", async () => {
    test.failure = new Error("killed");
    await expect(createMachine("A")).rejects.toThrow("killed");
    test = test.restarted();
    await test.delete(NIC, nicId("A-nic"));
    expect(test.cloud.ofType(MACHINE)).toEqual([]);
    expect(test.told).toEqual(["erase A"]);
  });
});

describe("reading", () => {
  it("says what is gone", async () => {
    const [group] = test.cloud.ofType(GROUP);
    const id = group?.id ?? "";
    expect(test.provider.read("", id)).toMatchObject({ inputs: INPUTS.group, outputs: { id } });
    await test.delete(GROUP, id);
    expect(test.provider.read("", id)).toBeUndefined();
  });

  it("refuses a type or a function that it does not know, by name", async () => {
    const type = "azure-native:storage:StorageAccount";
    await expect(test.provider.create(urnOf(type), {})).rejects.toThrow(type);
    await expect(test.provider.invoke("azure-native:x:getY", {})).rejects.toThrow("getY");
  });
});
