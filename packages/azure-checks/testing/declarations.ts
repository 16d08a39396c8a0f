/** A small fog of right declarations, for tests to make wrong. */
import { NO_SUBSCRIPTION, type Declaration } from "../world.ts";
import * as world from "../world.ts";

export const GROUP_ID = `/subscriptions/${NO_SUBSCRIPTION}/resourceGroups/CloudStep`;
const NETWORK = `${GROUP_ID}/providers/Microsoft.Network`;

type Fields = Record<string, unknown>;

const WHERE = { resourceGroupName: "CloudStep", location: "East US" };

export const SSH_RULE = {
  name: "ssh",
  priority: 100,
  direction: "Inbound",
  access: "Allow",
  protocol: "Tcp",
  sourceAddressPrefixes: ["203.0.113.7/32"],
  sourcePortRange: "*",
  destinationAddressPrefix: "*",
  destinationPortRange: "22",
};

export function nic(name: string, address = `${name}-address`): Fields {
  return {
    ...WHERE,
    networkInterfaceName: name,
    networkSecurityGroup: { id: `${NETWORK}/networkSecurityGroups/agents` },
    ipConfigurations: [
      {
        name: "primary",
        subnet: { id: `${NETWORK}/virtualNetworks/fog/subnets/machines` },
        privateIPAllocationMethod: "Dynamic",
        publicIPAddress: { id: `${NETWORK}/publicIPAddresses/${address}` },
      },
    ],
  };
}

export function address(name: string): Fields {
  return {
    ...WHERE,
    publicIpAddressName: name,
    publicIPAllocationMethod: "Static",
    sku: { name: "Standard" },
  };
}

export function machine(name: string, nic = `${name}-card`, vmSize = "Standard_B2pls_v2"): Fields {
  return {
    ...WHERE,
    vmName: name,
    hardwareProfile: { vmSize },
    networkProfile: {
      networkInterfaces: [{ id: `${NETWORK}/networkInterfaces/${nic}`, primary: true }],
    },
    osProfile: {
      computerName: name.toLowerCase(),
      adminUsername: "fogline",
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: {
          publicKeys: [
            { keyData: "ssh-ed25519 AAAAC3Nz", path: "/home/fogline/.ssh/authorized_keys" },
          ],
        },
      },
    },
    storageProfile: {
      imageReference: {
        publisher: "Debian",
        offer: "debian-13",
        sku: "13-arm64",
        version: "latest",
      },
      osDisk: {
        name: `${name}-disk`,
        createOption: "FromImage",
        managedDisk: { storageAccountType: "StandardSSD_LRS" },
      },
    },
  };
}

/** What runs a command on a machine. */
export function extension(vmName: string, vmExtensionName = "host-key"): Fields {
  return {
    ...WHERE,
    ...{ vmName, vmExtensionName },
    publisher: "Microsoft.Azure.Extensions",
    type: "CustomScript",
    typeHandlerVersion: "2.1",
    autoUpgradeMinorVersion: true,
    settings: { commandToExecute: "cat /etc/ssh/ssh_host_ed25519_key.pub" },
  };
}

/** Two machines with all that they need, fresh for every test. */
export function fog(): Record<string, { type: string; inputs: Fields }> {
  return structuredClone({
    group: { type: world.GROUP, inputs: { ...WHERE } },
    vnet: {
      type: world.VNET,
      inputs: {
        ...WHERE,
        virtualNetworkName: "fog",
        addressSpace: { addressPrefixes: ["10.10.0.0/16"] },
      },
    },
    subnet: {
      type: world.SUBNET,
      inputs: {
        resourceGroupName: "CloudStep",
        virtualNetworkName: "fog",
        subnetName: "machines",
        addressPrefix: "10.10.1.0/24",
      },
    },
    rules: {
      type: world.RULES,
      inputs: { ...WHERE, networkSecurityGroupName: "agents", securityRules: [{ ...SSH_RULE }] },
    },
    "MasterNode-address": { type: world.ADDRESS, inputs: address("MasterNode-address") },
    "WorkerNode-address": { type: world.ADDRESS, inputs: address("WorkerNode-address") },
    "MasterNode-card": { type: world.NIC, inputs: nic("MasterNode-card", "MasterNode-address") },
    "WorkerNode-card": { type: world.NIC, inputs: nic("WorkerNode-card", "WorkerNode-address") },
    MasterNode: { type: world.MACHINE, inputs: machine("MasterNode") },
    WorkerNode: { type: world.MACHINE, inputs: machine("WorkerNode") },
    "host-key": {
      type: world.EXTENSION,
      inputs: extension("WorkerNode"),
    },
  });
}

/** The fog as a list of declarations. */
export function declared(resources: ReturnType<typeof fog>): Declaration[] {
  return Object.entries(resources).map(([name, resource]) => ({ name, ...resource }));
}

/** Sets a value at a dotted path, in which numbers lead into lists; `undefined` takes it away. */
export function set(target: Fields, path: string, value: unknown): void {
  const [key = "", ...rest] = path.split(".");
  if (rest.length > 0) {
    const inner = target[key];
    if (typeof inner !== "object" || inner === null) {
      throw new Error(`nothing to change at ${path}`);
    }
    set(inner as Fields, rest.join("."), value);
  } else {
    target[key] = value;
  }
}
