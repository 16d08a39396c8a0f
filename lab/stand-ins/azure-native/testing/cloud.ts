/** A cloud for tests: its machines and its network only keep a list of what they were told. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Inputs } from "@fogline/azure-checks/values";
import type { Properties } from "@fogline/pulumi-kit/values";
import { onTestFinished } from "vitest";

import { addUnreported, Unreported } from "../../../engine/unreported.ts";
import type { Ran } from "../../../machines/machine.ts";
import { Cloud, type View } from "../cloud.ts";
import { AzureProvider } from "../provider.ts";

const GROUP = { resourceGroupName: "fog" };
const WHERE = { ...GROUP, location: "westeurope" };
const BASE = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/fog/providers";

export const SUBNET_ID = `${BASE}/Microsoft.Network/virtualNetworks/net/subnets/machines`;
export const addressId = (name: string): string =>
  `${BASE}/Microsoft.Network/publicIPAddresses/${name}`;
export const nicId = (name: string): string =>
  `${BASE}/Microsoft.Network/networkInterfaces/${name}`;
export const RULES_ID = `${BASE}/Microsoft.Network/networkSecurityGroups/rules`;

export const SSH_RULE = {
  name: "ssh",
  priority: 100,
  direction: "Inbound",
  access: "Allow",
  protocol: "Tcp",
  sourceAddressPrefix: "*",
  sourcePortRange: "*",
  destinationAddressPrefix: "*",
  destinationPortRange: "22",
} as const;

export const INPUTS = {
  group: WHERE,
  vnet: {
    ...WHERE,
    virtualNetworkName: "net",
    addressSpace: { addressPrefixes: ["10.10.0.0/16"] },
  },
  subnet: {
    ...GROUP,
    virtualNetworkName: "net",
    subnetName: "machines",
    addressPrefix: "10.10.1.0/24",
  },
  rules: { ...WHERE, networkSecurityGroupName: "rules", securityRules: [SSH_RULE] },
  address: (name: string) => ({
    ...WHERE,
    publicIpAddressName: name,
    publicIPAllocationMethod: "Static",
    sku: { name: "Standard" },
  }),
  nic: (name: string, address: string) => ({
    ...WHERE,
    networkInterfaceName: name,
    networkSecurityGroup: { id: RULES_ID },
    ipConfigurations: [
      {
        name: "primary",
        subnet: { id: SUBNET_ID },
        privateIPAllocationMethod: "Dynamic",
        publicIPAddress: { id: addressId(address) },
      },
    ],
  }),
  machine: (
    name: string,
    nic: string,
    vmSize = "Standard_B2pls_v2",
    keyData = "ssh-ed25519 A",
  ) => ({
    ...WHERE,
    vmName: name,
    hardwareProfile: { vmSize },
    networkProfile: { networkInterfaces: [{ id: nicId(nic), primary: true }] },
    osProfile: {
      computerName: name.toLowerCase(),
      adminUsername: "fogline",
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: { publicKeys: [{ keyData, path: "/home/fogline/.ssh/authorized_keys" }] },
      },
    },
    storageProfile: {
      imageReference: {
        publisher: "Debian",
        offer: "debian-13",
        sku: "13-arm64",
        version: "latest",
      },
    },
  }),
  extension: (vmName: string, commandToExecute = "cat key") => ({
    ...WHERE,
    ...{ vmName, vmExtensionName: "host-key" },
    publisher: "Microsoft.Azure.Extensions",
    type: "CustomScript",
    typeHandlerVersion: "2.1",
    autoUpgradeMinorVersion: true,
    settings: { commandToExecute },
  }),
} as const;

export const urnOf = (type: string, name = "x"): string =>
  `urn:pulumi:lab::fogline::${type}::${name}`;

/** A provider over a fresh cloud, or over the file of an earlier one. */
export class TestCloud {
  readonly told: string[] = [];
  readonly cloud: Cloud;
  readonly provider: AzureProvider;
  /** What commands come to on its machines. */
  ran: Ran = { exitCode: 0, stdout: "ssh-ed25519 HOST\n", stderr: "" };
  /** Machines that are off. */
  readonly off = new Set<string>();
  /** Set to have the next boots fail, as when the engine is killed. */
  failure?: Error;
  /** Set to have the network refuse what it is told. */
  networkFailure?: Error;
  /** The cloud that the network was made after last. */
  applied?: View;

  constructor(readonly file = join(ownFolder(), "cloud.json")) {
    this.cloud = new Cloud(file);
    const tell = (what: string): Promise<void> => {
      this.told.push(what);
      return Promise.resolve();
    };
    this.provider = new AzureProvider(
      this.cloud,
      new Unreported(`${file}.unreported`),
      {
        boot: (_, { vmName }) =>
          this.failure === undefined ? tell(`boot ${vmName}`) : Promise.reject(this.failure),
        halt: (name) => tell(`halt ${name}`),
        erase: (name) => tell(`erase ${name}`),
        isRunning: (name) => Promise.resolve(!this.off.has(name)),
        execute: async (name, command) => {
          await tell(`run ${command} on ${name}`);
          return this.ran;
        },
      },
      {
        apply: (cloud) => {
          if (this.networkFailure !== undefined) {
            return Promise.reject(this.networkFailure);
          }
          this.applied = cloud;
          return Promise.resolve();
        },
        removeBridge: () => tell("remove bridge"),
      },
      () => undefined,
    );
  }

  /** The next engine's plugin; of the creations named no engine ever heard. */
  restarted(...unreported: readonly string[]): TestCloud {
    addUnreported(unreported, `${this.file}.unreported`);
    return new TestCloud(this.file);
  }

  create(type: string, inputs: Inputs, name = "x"): Promise<{ id: string; outputs: Properties }> {
    return this.provider.create(urnOf(type, name), inputs);
  }

  update(type: string, id: string, inputs: Inputs): Promise<Properties> {
    return this.provider.update(urnOf(type), { id }, inputs);
  }

  delete(type: string, id = ""): Promise<void> {
    return this.provider.delete(urnOf(type), { id });
  }
}

/** A folder that goes with the test it is made in. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "azure-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}
