import { ADDRESS, NIC, MACHINE, RULES, SUBNET, VNET } from "@fogline/azure-checks/world";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import type { Properties } from "@fogline/pulumi-kit/values";
import { describe, expect, it } from "vitest";

import { checkInputs, diffInputs } from "./contract.ts";
import { INPUTS, SSH_RULE } from "./testing/cloud.ts";

const KEY = "osProfile.linuxConfiguration.ssh.publicKeys[0].keyData";
const NIC_ID_PATH = "networkProfile.networkInterfaces[0].id";
const HOST = "osProfile.computerName";

describe("checking", () => {
  it("takes what the program sends, its unknowns included", () => {
    expect(checkInputs(MACHINE, INPUTS.machine("MasterNode", "nic"))).toEqual([]);
    expect(checkInputs(RULES, INPUTS.rules)).toEqual([]);
    expect(checkInputs(ADDRESS, { ...INPUTS.address("a"), resourceGroupName: UNKNOWN })).toEqual(
      [],
    );
    expect(checkInputs(NIC, { ...INPUTS.nic("a", "b"), ipConfigurations: UNKNOWN })).toEqual([]);
  });

  it("names what it does not support, to the last level", () => {
    const rule = { ...SSH_RULE, sourceApplicationSecurityGroups: [] };
    const rules = { ...INPUTS.rules, flushConnection: true, securityRules: [SSH_RULE, rule] };
    expect(checkInputs(RULES, rules).map(({ property }) => property)).toEqual([
      // Two rules of one name, which Azure refuses; the rest the lab does.
      "securityRules[1].name",
      "securityRules[1].sourceApplicationSecurityGroups",
      "flushConnection",
    ]);
  });

  it("refuses names that Azure refuses, and makes up none", () => {
    expect(checkInputs(VNET, { ...INPUTS.vnet, virtualNetworkName: "-net" })).toMatchObject([
      { reason: expect.stringContaining("InvalidResourceName") as string },
    ]);
    const machine = checkInputs(MACHINE, INPUTS.machine("Master_Node", "nic"));
    expect(machine.map(({ property }) => property)).toEqual(["vmName", "osProfile.computerName"]);
    expect(checkInputs(VNET, { ...INPUTS.vnet, virtualNetworkName: undefined })).toHaveLength(1);
  });
});

describe("difference", () => {
  const machine = INPUTS.machine("A", "nic");
  const diff = (
    type: string,
    olds: object,
    news: object,
  ): { changes: boolean; replaces: string[] } => {
    const changes = diffInputs(type, olds as Properties, news as Properties);
    const replaces = changes.filter((change) => change.replaces).map(({ path }) => path);
    return { changes: changes.length > 0, replaces };
  };

  it("is none for equal inputs, whatever the order of their fields", () => {
    const turned = Object.fromEntries(Object.entries(machine).reverse());
    expect(diff(MACHINE, machine, turned)).toMatchObject({ changes: false, replaces: [] });
  });

  it.each([
    ["another size", MACHINE, machine, INPUTS.machine("A", "nic", "Standard_B1s"), []],
    ["another key", MACHINE, machine, INPUTS.machine("A", "nic", undefined, "B"), [KEY]],
    ["another NIC", MACHINE, machine, INPUTS.machine("A", "other"), [NIC_ID_PATH]],
    ["another name", MACHINE, machine, INPUTS.machine("B", "nic"), ["vmName", HOST]],
    ["another place", MACHINE, machine, { ...machine, location: "x" }, ["location"]],
    ["rules", RULES, INPUTS.rules, { ...INPUTS.rules, securityRules: [] }, []],
    ["range", SUBNET, INPUTS.subnet, { ...INPUTS.subnet, addressPrefix: "x" }, ["addressPrefix"]],
    ["address of a NIC", NIC, INPUTS.nic("n", "a"), INPUTS.nic("n", "b"), []],
  ])("of %s replaces what Azure replaces", (_, type, olds, news, replaces) => {
    const { changes, replaces: seen } = diff(type, olds, news);
    expect(changes).toBe(true);
    expect(seen).toEqual(replaces);
  });

  it("of a NIC's subnet replaces the NIC", () => {
    const nic = INPUTS.nic("n", "a");
    const [config] = nic.ipConfigurations;
    const moved = { ...nic, ipConfigurations: [{ ...config, subnet: { id: UNKNOWN } }] };
    expect(diff(NIC, nic, moved).replaces).toEqual(["ipConfigurations[0].subnet.id"]);
    // What is not known yet may be another subnet.
    const unknown = { ...nic, ipConfigurations: UNKNOWN };
    expect(diff(NIC, nic, unknown).replaces).toEqual(["ipConfigurations"]);
  });
});
