import { describe, expect, it } from "vitest";

import { checkInputs, diffInputs } from "./contract.ts";
import { INPUTS, SSH_RULE } from "./testing.ts";
import { ADDRESS, CARD, MACHINE, RULES, SUBNET, VNET } from "./types.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

describe("checking", () => {
  it("takes what the program sends, its unknowns included", () => {
    expect(checkInputs(MACHINE, INPUTS.machine("MasterNode", "nic"))).toEqual([]);
    expect(checkInputs(RULES, INPUTS.rules)).toEqual([]);
    expect(checkInputs(ADDRESS, { ...INPUTS.address("a"), resourceGroupName: UNKNOWN })).toEqual(
      [],
    );
    expect(checkInputs(CARD, { ...INPUTS.card("a", "b"), ipConfigurations: UNKNOWN })).toEqual([]);
  });

  it("names what it does not support, to the last level", () => {
    const rule = { ...SSH_RULE, sourceApplicationSecurityGroups: [] };
    const rules = { ...INPUTS.rules, flushConnection: true, securityRules: [SSH_RULE, rule] };
    expect(checkInputs(RULES, rules).map(({ property }) => property)).toEqual([
      "securityRules[1].sourceApplicationSecurityGroups",
      "flushConnection",
    ]);
  });

  it("refuses names that Azure refuses, and makes up none", () => {
    expect(checkInputs(VNET, { ...INPUTS.vnet, virtualNetworkName: "-net" })).toMatchObject([
      { reason: expect.stringContaining("InvalidResourceName") as string },
    ]);
    expect(checkInputs(MACHINE, INPUTS.machine("Master_Node", "nic"))).toHaveLength(1);
    expect(checkInputs(VNET, { ...INPUTS.vnet, virtualNetworkName: undefined })).toHaveLength(1);
  });
});

describe("difference", () => {
  const machine = INPUTS.machine("A", "nic");
  const diff = (type: string, olds: object, news: object) =>
    diffInputs(type, { ...olds, __inputs: olds, vmId: "x" }, news as Record<string, unknown>);

  it("is none for equal inputs, whatever the order of their fields", () => {
    const turned = Object.fromEntries(Object.entries(machine).reverse());
    expect(diff(MACHINE, machine, turned)).toMatchObject({ changes: false, replaces: [] });
  });

  it.each([
    ["another size", MACHINE, machine, INPUTS.machine("A", "nic", "Standard_B1s"), []],
    ["another key", MACHINE, machine, INPUTS.machine("A", "nic", undefined, "B"), ["osProfile"]],
    ["another card", MACHINE, machine, INPUTS.machine("A", "other"), ["networkProfile"]],
    ["another name", MACHINE, machine, INPUTS.machine("B", "nic"), ["vmName", "osProfile"]],
    ["another place", MACHINE, machine, { ...machine, location: "x" }, ["location"]],
    ["rules", RULES, INPUTS.rules, { ...INPUTS.rules, securityRules: [] }, []],
    ["range", SUBNET, INPUTS.subnet, { ...INPUTS.subnet, addressPrefix: "x" }, ["addressPrefix"]],
    ["address of a card", CARD, INPUTS.card("n", "a"), INPUTS.card("n", "b"), []],
  ])("of %s replaces what Azure replaces", (_, type, olds, news, replaces) => {
    const { changes, replaces: seen } = diff(type, olds, news);
    expect(changes).toBe(true);
    expect(seen).toEqual(replaces);
  });

  it("of a card's subnet replaces the card", () => {
    const card = INPUTS.card("n", "a");
    const [config] = card.ipConfigurations;
    const moved = { ...card, ipConfigurations: [{ ...config, subnet: { id: UNKNOWN } }] };
    expect(diff(CARD, card, moved).replaces).toEqual(["ipConfigurations.subnet"]);
  });
});
