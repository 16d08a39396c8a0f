/** A virtual machine with a public address and a pinned host key. */
import { sizeOf } from "@fogline/azure-checks/sizes";
import * as compute from "@pulumi/azure-native/compute/index.js";
import * as network from "@pulumi/azure-native/network/index.js";
import * as pulumi from "@pulumi/pulumi";

import type { Disk } from "../../config/cloud.ts";
import type { OperatorKey } from "../../config/operator-key.ts";
import type { Arch, CloudMachine, Connection } from "../machine.ts";
import { hostKeyFrom } from "./host-key.ts";
import type { Network } from "./network.ts";

export interface VmArgs {
  readonly network: Network;
  readonly role: "server" | "agent";
  /** Azure size, e.g. `Standard_B2pls_v2`. */
  readonly size: string;
  readonly arch: Arch;
  /** Marketplace image, `publisher:offer:sku:version`. */
  readonly image: string;
  /** Administrator; logs in with the operator's key only. */
  readonly adminUser: string;
  readonly operatorKey: OperatorKey;
  readonly disk: Disk;
  /** Availability zone of machine and address; the region's choice unless given. */
  readonly zone?: string | undefined;
  /** Whether it forwards packets between others; default false. */
  readonly forwards?: boolean;
  /** Whether it refuses to be deleted; its disk goes along with it. */
  readonly protect: boolean;
}

/** One line of the inventory, with the columns of the portal's list (S0-15). */
export interface InventoryLine {
  readonly name: string;
  readonly type: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly status: string;
  readonly operatingSystem: string;
  readonly size: string;
  readonly publicAddress: string;
  readonly disks: number;
}

/**
 * A Linux virtual machine, its network interface (NIC) and its static public address. Billed by the hour by
 * size; address and disk are billed as well.
 */
export class Vm extends pulumi.ComponentResource implements CloudMachine {
  readonly tier = "cloud";
  readonly role: "server" | "agent";
  readonly arch: Arch;
  readonly adminUser: string;
  readonly publicAddress: pulumi.Output<string>;
  readonly privateAddress: pulumi.Output<string>;
  readonly connection: pulumi.Output<Connection>;
  readonly lifetime: pulumi.Resource;
  readonly inventory: pulumi.Output<InventoryLine>;

  constructor(
    readonly name: string,
    args: VmArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("fogline:azure:Vm", name, inputsOf(args), opts);
    this.role = args.role;
    this.arch = args.arch;
    this.adminUser = args.adminUser;
    const where = {
      resourceGroupName: args.network.resourceGroupName,
      location: args.network.location,
      tags: args.network.tags,
    };
    const { address, nic } = this.createNic(args, where);
    const machine = this.createMachine(args, where, nic);
    const hostKey = this.fetchHostKey(machine, where);
    this.lifetime = machine;
    this.publicAddress = address.ipAddress.apply((ip) => {
      if (ip === undefined) {
        throw new pulumi.RunError(`Azure gave ${name} no public address: is it of static kind?`);
      }
      return ip;
    });
    this.privateAddress = nic.ipConfigurations.apply(
      (all) => all?.[0]?.privateIPAddress ?? missingAddress(name),
    );
    this.connection = pulumi.output({
      host: this.publicAddress,
      port: 22,
      user: args.adminUser,
      privateKey: args.operatorKey.privateKey,
      hostKey,
      perDialTimeout: 10,
      dialErrorLimit: 12,
    });
    this.inventory = this.describe(args, machine);
    this.registerOutputs({ publicAddress: this.publicAddress });
  }

  private createNic(
    args: VmArgs,
    where: Where,
  ): { address: network.PublicIPAddress; nic: network.NetworkInterface } {
    const address = new network.PublicIPAddress(
      `${this.name}-address`,
      {
        ...where,
        publicIpAddressName: `${this.name}-address`,
        publicIPAllocationMethod: "Static",
        sku: { name: "Standard" },
        // An address without zones reaches across all of them.
        ...(args.zone === undefined ? {} : { zones: [args.zone] }),
      },
      { parent: this, protect: args.protect },
    );
    const nic = new network.NetworkInterface(
      `${this.name}-card`,
      {
        ...where,
        // Azure cannot rename a NIC: it keeps its first name.
        networkInterfaceName: `${this.name}-card`,
        ...(sizeOf(args.size)?.acceleratedNetworking === true
          ? { enableAcceleratedNetworking: true }
          : {}),
        ...(args.forwards === true ? { enableIPForwarding: true } : {}),
        networkSecurityGroup: { id: args.network.securityGroupIds[args.role] },
        ipConfigurations: [
          {
            name: "primary",
            subnet: { id: args.network.subnetId },
            privateIPAllocationMethod: "Dynamic",
            publicIPAddress: { id: address.id },
          },
        ],
      },
      { parent: this },
    );
    return { address, nic };
  }

  private createMachine(
    args: VmArgs,
    where: Where,
    nic: network.NetworkInterface,
  ): compute.VirtualMachine {
    const [publisher, offer, sku, version] = args.image.split(":");
    return new compute.VirtualMachine(
      `${this.name}-machine`,
      {
        ...where,
        vmName: this.name,
        ...(args.zone === undefined ? {} : { zones: [args.zone] }),
        hardwareProfile: { vmSize: args.size },
        networkProfile: { networkInterfaces: [{ id: nic.id, primary: true }] },
        // The console's log and picture, in a storage account of Azure's own, at no cost: the one thing
        // to look at when a machine does not come up (az vm boot-diagnostics get-boot-log).
        diagnosticsProfile: { bootDiagnostics: { enabled: true } },
        osProfile: {
          computerName: this.name.toLowerCase(),
          adminUsername: args.adminUser,
          linuxConfiguration: {
            disablePasswordAuthentication: true,
            ssh: {
              publicKeys: [
                {
                  keyData: args.operatorKey.publicKey,
                  path: `/home/${args.adminUser}/.ssh/authorized_keys`,
                },
              ],
            },
          },
        },
        storageProfile: {
          imageReference: { publisher, offer, sku, version },
          osDisk: {
            name: `${this.name}-disk`,
            createOption: "FromImage",
            deleteOption: "Delete",
            managedDisk: { storageAccountType: args.disk.kind },
            ...(args.disk.sizeGiB === undefined ? {} : { diskSizeGB: args.disk.sizeGiB }),
          },
        },
      },
      { parent: this, protect: args.protect },
    );
  }

  /** The host key comes over the cloud's own control channel: nothing is trusted on first use. */
  private fetchHostKey(machine: compute.VirtualMachine, where: Where): pulumi.Output<string> {
    const vmExtensionName = "host-key";
    const extension = new compute.VirtualMachineExtension(
      `${this.name}-host-key`,
      {
        ...where,
        vmName: machine.name,
        vmExtensionName,
        publisher: "Microsoft.Azure.Extensions",
        type: "CustomScript",
        typeHandlerVersion: "2.1",
        autoUpgradeMinorVersion: true,
        // Public settings: the command and what it prints are no secret.
        settings: { commandToExecute: "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub" },
      },
      { parent: this, deletedWith: machine },
    );
    const result = compute.getVirtualMachineExtensionOutput(
      {
        resourceGroupName: where.resourceGroupName,
        vmName: machine.name,
        vmExtensionName: extension.name,
        expand: "instanceView",
      },
      { parent: this },
    );
    return pulumi
      .all([result.instanceView, where.resourceGroupName])
      .apply(([view, resourceGroup]) =>
        hostKeyFrom(view, { machine: this.name, resourceGroup, extension: vmExtensionName }),
      );
  }

  private describe(args: VmArgs, machine: compute.VirtualMachine): pulumi.Output<InventoryLine> {
    return pulumi
      .all([
        machine.id,
        machine.provisioningState,
        this.publicAddress,
        args.network.resourceGroupName,
      ])
      .apply(([id, status, publicAddress, resourceGroup]) => ({
        name: this.name,
        type: "Virtual machine",
        subscription: /subscriptions\/([^/]+)/.exec(id)?.[1] ?? "",
        resourceGroup,
        location: args.network.location,
        status,
        operatingSystem: "Linux",
        size: args.size,
        publicAddress,
        disks: 1,
      }));
  }
}

/**
 * Stands for an address that Azure has not told: a preview shows the NIC as the program describes it.
 *
 * @throws RunError when it is no preview
 */
function missingAddress(machine: string): string {
  if (pulumi.runtime.isDryRun()) {
    return pulumi.unknown as unknown as string;
  }
  throw new pulumi.RunError(`Azure gave ${machine} no address in the network: look at its NIC`);
}

interface Where {
  readonly resourceGroupName: pulumi.Output<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What the state records. Whether it is protected is an option of its parts, and changes none of them. */
function inputsOf(args: VmArgs): pulumi.Inputs {
  const { role, size, arch, image, adminUser, disk, zone, forwards } = args;
  const { location } = args.network;
  const { publicKey } = args.operatorKey;
  return { role, size, arch, image, adminUser, disk, zone, forwards, location, publicKey };
}
