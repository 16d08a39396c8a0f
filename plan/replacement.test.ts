import { describe, expect, it } from "vitest";

import { replacementReason } from "./replacement.ts";
import type { Planned } from "./snapshot.ts";
import { planned } from "./testing/planned.ts";

const NONE = planned({});

function azure(type: string): Planned {
  return { ...NONE, type: `azure-native:${type}` };
}

function kubernetes(apiVersion: string, kind: string): Planned {
  return { ...NONE, type: `kubernetes:${apiVersion}:${kind}`, inputs: { apiVersion, kind } };
}

describe("a new resource is made", () => {
  it.each([
    [azure("compute:VirtualMachine"), "vmName", "azure-native makes a new one"],
    [azure("compute:VirtualMachine"), "osProfile.computerName", "Azure does not change this"],
    [azure("compute:VirtualMachine"), "storageProfile.imageReference.version", "Azure does not"],
    [azure("compute:VirtualMachineExtension"), "vmName", "azure-native makes a new one"],
    [azure("compute:VirtualMachineExtension"), "vmExtensionName", "azure-native makes a new one"],
    [azure("compute:VirtualMachineExtension"), "publisher", "Azure does not change this"],
    [azure("network:Subnet"), "subnetName", "azure-native makes a new one"],
    [azure("network:PublicIPAddress"), "sku.name", "azure-native makes a new one"],
    [azure("keyvault:Vault"), "location", "azure-native makes a new one"],
    [kubernetes("apps/v1", "Deployment"), "spec.selector.matchLabels.app", "of a Deployment"],
    [kubernetes("apps/v1", "StatefulSet"), "spec.volumeClaimTemplates.[data].spec", "StatefulSet"],
    [kubernetes("v1", "ConfigMap"), "data.key", "of a ConfigMap"],
    [kubernetes("v1", "Namespace"), "metadata.name", "of a Namespace"],
    [{ ...NONE, type: "random:index/randomPassword:RandomPassword" }, "length", "made once"],
    [
      { ...NONE, type: "command:remote:Command", replaceOnChanges: ["triggers[*]"] },
      "triggers.[0]",
      "its SDK asks",
    ],
  ])("%#", (resource, path, why) => {
    expect(replacementReason(resource, path.split("."))).toContain(why);
  });
});

describe("a resource is changed in place", () => {
  it.each([
    [azure("compute:VirtualMachine"), "hardwareProfile.vmSize"],
    [azure("compute:VirtualMachine"), "tags.stack"],
    [azure("compute:VirtualMachineExtension"), "settings.commandToExecute"],
    [azure("compute:VirtualMachineExtension"), "tags.stack"],
    [azure("network:NetworkInterface"), "ipConfigurations.[primary].subnet.id"],
    [azure("network:NetworkSecurityGroup"), "securityRules.[ssh].priority"],
    [kubernetes("apps/v1", "Deployment"), "spec.template.spec.containers.[website].image"],
    [kubernetes("apps/v1", "StatefulSet"), "spec.template.spec.containers.[postgres].image"],
    [{ ...NONE, type: "command:remote:Command", replaceOnChanges: ["triggers[*]"] }, "stdin"],
    [{ ...NONE, type: "fogline:azure:Vm" }, "name"],
  ])("%#", (resource, path) => {
    expect(replacementReason(resource, path.split("."))).toBeUndefined();
  });
});
