import { beforeEach, describe, expect, it } from "vitest";

import { cardId, INPUTS, SSH_RULE, TestCloud, urnOf } from "./testing.ts";
import {
  ADDRESS,
  CARD,
  GROUP,
  MACHINE,
  parentOf,
  RULES,
  RUN_COMMAND,
  SUBNET,
  VNET,
} from "./types.ts";

const GET_COMMAND = "azure-native:compute:getVirtualMachineRunCommandByVirtualMachine";

let test: TestCloud;

beforeEach(async () => {
  test = new TestCloud();
  await test.create(GROUP, INPUTS.group);
  await test.create(VNET, INPUTS.vnet);
  await test.create(SUBNET, INPUTS.subnet);
  await test.create(RULES, INPUTS.rules);
});

async function createMachine(name: string): Promise<string> {
  await test.create(ADDRESS, INPUTS.address(`${name}-ip`));
  await test.create(CARD, INPUTS.card(`${name}-nic`, `${name}-ip`));
  return (await test.create(MACHINE, INPUTS.machine(name, `${name}-nic`))).id;
}

describe("creating", () => {
  it("hands out addresses without doubles, however many ask at once", async () => {
    const names = ["a", "b", "c", "d"];
    const addresses = await Promise.all(
      names.map((name) => test.create(ADDRESS, INPUTS.address(name))),
    );
    const cards = await Promise.all(
      names.map((name) => test.create(CARD, INPUTS.card(name, name))),
    );
    expect(addresses.map(({ outs }) => outs["ipAddress"])).toEqual(
      [10, 11, 12, 13].map((n) => `203.0.113.${n}`),
    );
    // Azure keeps .0 to .3 and the last.
    expect(
      cards.map(({ outs }) => (outs["ipConfigurations"] as { privateIPAddress: string }[])[0]),
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

  it("adopts what exists, across a restart of the plugin", async () => {
    const id = await createMachine("A");
    const { ipAddress } = (await test.create(ADDRESS, INPUTS.address("A-ip"))).outs;
    const before = test.cloud.get(id)?.outputs["vmId"];
    test = new TestCloud(test.file);
    await createMachine("A");
    expect(test.cloud.get(id)?.outputs["vmId"]).toBe(before);
    expect(test.cloud.ofType(ADDRESS)).toMatchObject([{ outputs: { ipAddress } }]);
    expect(test.cloud.ofType(CARD)).toHaveLength(1);
  });

  it("refuses what its surroundings do not hold", async () => {
    await expect(test.create(CARD, INPUTS.card("n", "nowhere"))).rejects.toThrow(
      "InvalidResourceReference",
    );
    await expect(
      test.create(ADDRESS, { ...INPUTS.address("x"), resourceGroupName: "other" }),
    ).rejects.toThrow("ResourceGroupNotFound");
    await expect(test.create(RUN_COMMAND, INPUTS.command("none"))).rejects.toThrow(
      "ParentResourceNotFound",
    );
    expect(test.cloud.ofType(CARD)).toEqual([]);
  });

  it("refuses a second machine on a card and a second card on an address", async () => {
    await createMachine("A");
    await expect(test.create(MACHINE, INPUTS.machine("B", "A-nic"))).rejects.toThrow("NicInUse");
    await expect(test.create(CARD, INPUTS.card("other", "A-ip"))).rejects.toThrow(
      "PublicIPAddressInUse",
    );
  });

  it("refuses to change what Azure does not change on a machine that stands", async () => {
    await createMachine("A");
    await expect(
      test.create(MACHINE, INPUTS.machine("A", "A-nic", "Standard_B1s", "ssh-ed25519 B")),
    ).rejects.toThrow("PropertyChangeNotAllowed");
    expect(test.told).toEqual(["boot A"]);
  });
});

describe("changing", () => {
  it("restarts a machine for a new size and for nothing less", async () => {
    const id = await createMachine("A");
    const resized = { ...INPUTS.machine("A", "A-nic", "Standard_B1s"), tags: { a: "b" } };
    await test.provider.update(id, urnOf(MACHINE), {}, resized);
    await test.provider.update(id, urnOf(MACHINE), {}, { ...resized, tags: {} });
    expect(test.told).toEqual(["boot A", "halt A", "boot A", "boot A"]);
  });

  it("keeps the old rules when Azure refuses the new ones", async () => {
    const twice = [SSH_RULE, { ...SSH_RULE, name: "again" }];
    await expect(test.create(RULES, { ...INPUTS.rules, securityRules: twice })).rejects.toThrow(
      "SecurityRuleConflict",
    );
    expect(test.cloud.ofType(RULES)[0]?.inputs).toEqual(INPUTS.rules);
  });
});

describe("run command", () => {
  it("shows its result to who asks for the instance view", async () => {
    await createMachine("A");
    const { outs } = await test.create(RUN_COMMAND, INPUTS.command("A"));
    expect(outs).not.toHaveProperty("instanceView");
    const ask = { resourceGroupName: "fog", vmName: "A", runCommandName: "host-key" };
    const expanded = await test.provider.invoke(GET_COMMAND, { ...ask, expand: "instanceView" });
    expect(expanded.outputs).toMatchObject({
      instanceView: { output: "ssh-ed25519 HOST", exitCode: 0 },
    });
    expect((await test.provider.invoke(GET_COMMAND, ask)).outputs).not.toHaveProperty(
      "instanceView",
    );
  });

  it("fails the deployment with what the script said", async () => {
    await createMachine("A");
    test.view = { executionState: "Failed", exitCode: 3, output: "", error: "no such file" };
    await expect(test.create(RUN_COMMAND, INPUTS.command("A"))).rejects.toThrow(
      /VMExtensionProvisioningError.*exit code 3: no such file/,
    );
  });
});

describe("deleting", () => {
  it("goes in order and refuses anything else with Azure's codes", async () => {
    const machine = await createMachine("A");
    const [address] = test.cloud.ofType(ADDRESS);
    const [subnet] = test.cloud.ofType(SUBNET);
    const [rules] = test.cloud.ofType(RULES);
    const remove = (type: string, id = ""): Promise<void> => test.provider.delete(id, urnOf(type));
    await expect(remove(CARD, cardId("A-nic"))).rejects.toThrow("NicInUse");
    await remove(MACHINE, machine);
    await expect(remove(ADDRESS, address?.id)).rejects.toThrow("PublicIPAddressCannotBeDeleted");
    await expect(remove(SUBNET, subnet?.id)).rejects.toThrow("InUseSubnetCannotBeDeleted");
    await expect(remove(VNET, parentOf(subnet?.id ?? ""))).rejects.toThrow(
      "InUseSubnetCannotBeDeleted",
    );
    await expect(remove(RULES, rules?.id)).rejects.toThrow(
      "InUseNetworkSecurityGroupCannotBeDeleted",
    );
    await remove(CARD, cardId("A-nic"));
    await remove(ADDRESS, address?.id);
    await remove(SUBNET, subnet?.id);
    await remove(SUBNET, subnet?.id);
    expect(test.told).toEqual(["boot A", "erase A", "remove bridge"]);
  });

  it("takes a machine's run commands and a group's everything along", async () => {
    const machine = await createMachine("A");
    await test.create(RUN_COMMAND, INPUTS.command("A"));
    await test.provider.delete(machine, urnOf(MACHINE));
    expect(test.cloud.ofType(RUN_COMMAND)).toEqual([]);
    await createMachine("B");
    const [group] = test.cloud.ofType(GROUP);
    await test.provider.delete(group?.id ?? "", urnOf(GROUP));
    expect(test.cloud.under("")).toEqual([]);
    expect(test.told.slice(-2)).toEqual(["erase B", "remove bridge"]);
  });

  it("takes a machine along with its card when its making was cut off", async () => {
    test.failure = new Error("killed");
    await expect(createMachine("A")).rejects.toThrow("killed");
    test = new TestCloud(test.file);
    await test.provider.delete(cardId("A-nic"), urnOf(CARD));
    expect(test.cloud.ofType(MACHINE)).toEqual([]);
    expect(test.told).toEqual(["erase A"]);
  });
});

describe("reading", () => {
  it("says what is gone", async () => {
    const [group] = test.cloud.ofType(GROUP);
    const id = group?.id ?? "";
    expect(await test.provider.read(id)).toMatchObject({ id, inputs: INPUTS.group });
    await test.provider.delete(id, urnOf(GROUP));
    expect(await test.provider.read(id)).toMatchObject({ id: "" });
  });

  it("refuses a type or a function that it does not know, by name", async () => {
    const type = "azure-native:storage:StorageAccount";
    await expect(test.provider.create(urnOf(type), {})).rejects.toThrow(type);
    await expect(test.provider.invoke("azure-native:x:getY", {})).rejects.toThrow("getY");
  });
});
