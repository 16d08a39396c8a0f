import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { Cloud } from "./cloud.ts";
import { nftables } from "./fabric.ts";
import { plugOf, privateAddress, publicAddress } from "./network.ts";
import { AzureProvider } from "./provider.ts";
import { checkMachine, checkRules, checkSubnet } from "./refusals.ts";
import type { MachineInputs, SecurityRule } from "./shapes.ts";
import { ADDRESS, CARD, RULES, SUBNET, typeContract } from "./types.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-azure-"));
let files = 0;
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function cloud(): Cloud {
  files += 1;
  return new Cloud(join(folder, `${files}.json`));
}

function urn(type: string): string {
  return `urn:pulumi:lab::fogline::${type}::it`;
}

const ssh: SecurityRule = {
  name: "ssh",
  priority: 100,
  direction: "Inbound",
  access: "Allow",
  protocol: "Tcp",
  sourceAddressPrefixes: ["198.51.100.2/32"],
  destinationPortRange: "22",
};

describe("addresses", () => {
  it("begin after the ones that Azure keeps, and none is given twice", () => {
    const azure = cloud();
    azure.put({ id: "/s", type: SUBNET, inputs: { addressPrefix: "10.10.1.0/24" }, outputs: {} });
    const given = ["/a", "/b"].map((id) => {
      const address = privateAddress(azure, id, "/s");
      azure.put({
        id,
        type: CARD,
        inputs: { ipConfigurations: [{ subnet: { id: "/s" } }] },
        outputs: { privateAddress: address },
      });
      return address;
    });
    expect(given).toEqual(["10.10.1.4", "10.10.1.5"]);
    expect(plugOf(azure, "/b")).toMatchObject({ address: "10.10.1.5/24", gateway: "10.10.1.1" });
  });

  it("stay when the same thing is made once more", () => {
    const azure = cloud();
    azure.put({ id: "/p", type: ADDRESS, inputs: {}, outputs: { ipAddress: "203.0.113.10" } });
    expect(publicAddress(azure, "/p")).toBe("203.0.113.10");
    expect(publicAddress(azure, "/q")).toBe("203.0.113.11");
  });
});

describe("the cloud", () => {
  it("remembers across plugins", () => {
    const file = join(folder, "kept.json");
    new Cloud(file).put({ id: "/p", type: ADDRESS, inputs: {}, outputs: { ipAddress: "x" } });
    expect(new Cloud(file).get("/p")?.outputs).toEqual({ ipAddress: "x" });
  });
});

describe("security rules", () => {
  it("become a filter that drops what no rule lets in", () => {
    const text = nftables(
      [{ bridge: "br-a", network: ["10.10.0.0/16"] }],
      [{ privateAddress: "10.10.1.4", publicAddress: "203.0.113.10", rules: [ssh] }],
    );
    expect(text).toContain("ip daddr 203.0.113.10 dnat to 10.10.1.4");
    expect(text).toContain("ip daddr 10.10.1.4 ip saddr { 198.51.100.2/32 } tcp dport 22 accept");
    const rules = text.slice(text.indexOf("chain rules"));
    expect(rules.trimEnd().split("\n").at(-3)?.trim()).toBe("drop");
  });

  it("are applied by priority", () => {
    const deny: SecurityRule = { ...ssh, name: "no", priority: 90, access: "Deny" };
    const text = nftables([], [{ privateAddress: "10.10.1.4", rules: [ssh, deny] }]);
    expect(text.indexOf("22 drop")).toBeLessThan(text.indexOf("22 accept"));
  });
});

describe("Azure's refusals", () => {
  it("of rules: a priority out of range, and one used twice", () => {
    expect(() => {
      checkRules({ securityRules: [{ ...ssh, priority: 99 }] });
    }).toThrow("SecurityRuleInvalidPriority");
    expect(() => {
      checkRules({ securityRules: [ssh, { ...ssh, name: "other" }] });
    }).toThrow("SecurityRuleConflict");
  });

  it("of a subnet outside its network", () => {
    expect(() => {
      checkSubnet("machines", "10.11.0.0/24", ["10.10.0.0/16"]);
    }).toThrow("NetcfgSubnetRangeOutsideVnet");
  });

  it.each([
    ["an unknown size", "Standard_X", "fogline", "VM size is not valid"],
    ["a reserved administrator", "Standard_B2pls_v2", "admin", "Admin Username"],
  ])("of a machine with %s", (_, vmSize, adminUsername, message) => {
    const machine: MachineInputs = {
      vmName: "MasterNode",
      hardwareProfile: { vmSize },
      networkProfile: { networkInterfaces: [{ id: "/c" }] },
      osProfile: {
        computerName: "masternode",
        adminUsername,
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          ssh: { publicKeys: [{ keyData: "ssh-ed25519 AAAA" }] },
        },
      },
    };
    expect(() => {
      checkMachine(machine);
    }).toThrow(message);
  });

  it("of deleting what is in use", async () => {
    const azure = cloud();
    azure.put({ id: "/s", type: SUBNET, inputs: {}, outputs: {} });
    azure.put({ id: "/c", type: CARD, inputs: { subnet: { id: "/s" } }, outputs: {} });
    const provider = new AzureProvider(azure, () => undefined);
    await expect(provider.delete("/s", urn(SUBNET))).rejects.toThrow("InUseSubnetCannotBeDeleted");
  });
});

describe("the azure-native stand-in", () => {
  const provider = new AzureProvider(cloud(), () => undefined);

  it("changes rules in place and replaces on a name", async () => {
    const olds = { networkSecurityGroupName: "a", securityRules: [] };
    const rules = await provider.diff("/r", urn(RULES), olds, { ...olds, securityRules: [ssh] });
    expect([rules.changes, rules.replaces]).toEqual([true, []]);
    const name = await provider.diff("/r", urn(RULES), olds, {
      ...olds,
      networkSecurityGroupName: "b",
    });
    expect(name.replaces).toEqual(["networkSecurityGroupName"]);
  });

  it("refuses a field and a type by name", async () => {
    const checked = await provider.check(urn(RULES), {}, { flushConnection: true });
    expect(checked.failures).toEqual([expect.objectContaining({ property: "flushConnection" })]);
    expect(() => typeContract("azure-native:storage:Account")).toThrow("storage:Account");
  });
});
