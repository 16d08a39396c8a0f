/** The stack's machines: a cloud network with its machines, and edge devices that exist already. */
import * as pulumi from "@pulumi/pulumi";

import type { CloudMachineSettings } from "../config/cloud.ts";
import type { Loaded } from "../config/load.ts";
import { tagsOf } from "../config/tags.ts";
import { Network } from "../components/azure/network.ts";
import { Vm } from "../components/azure/vm.ts";
import { requirementsOf } from "../components/edge/check.ts";
import { ExistingDevices } from "../components/edge/existing.ts";
import { JoinBundle } from "../components/edge/join-bundle.ts";
import type { CloudMachine, EdgeMachine } from "../components/machine.ts";
import type { Overlay } from "../components/overlay/member.ts";

export interface Machines {
  readonly server: Vm;
  readonly workers: readonly [Vm, ...Vm[]];
  /** Edge devices that this computer reaches. */
  readonly devices: readonly EdgeMachine[];
  /** Network of the cloud's machines. */
  readonly network: Network;
}

/** Creates the cloud's machines, and prepares the devices that this computer reaches. */
export function machines({ settings, operatorKey }: Loaded): Machines {
  const { cloud } = settings;
  const { kind } = settings.overlay;
  // Let's Encrypt validates from any address; without a DNS name only the operator's computer connects.
  const apiFrom = settings.netmaker.domain === undefined ? cloud.sshFrom : ["*"];
  const devices = new ExistingDevices("edge", {
    devices: settings.edge.filter((device) => device.reach !== "bundle"),
    operatorKey,
    requirements: requirementsOf(settings),
  });
  const network = new Network("fogline", {
    // Nothing is billed before every device has passed its check.
    after: devices.checked,
    resourceGroup: cloud.resourceGroup,
    location: cloud.location,
    range: cloud.network,
    subnet: cloud.subnet,
    sshFrom: cloud.sshFrom,
    wireguardPort: settings.overlay.listenPort,
    viaHub: kind === "netmaker" ? { apiFrom } : undefined,
    tags: tagsOf(cloud.tags, { project: pulumi.getProject(), stack: pulumi.getStack() }),
    protect: cloud.protect,
  });
  const vm = (wanted: CloudMachineSettings, role: CloudMachine["role"]): Vm =>
    new Vm(wanted.name, {
      network,
      role,
      size: wanted.size,
      arch: cloud.arch,
      image: cloud.image,
      adminUser: cloud.adminUser,
      operatorKey,
      disk: wanted.disk ?? cloud.disk,
      zone: wanted.zone,
      forwards: kind === "netmaker" && role === "server",
      protect: cloud.protect,
    });
  const server = vm(cloud.master, "server");
  const [first, ...others] = cloud.workers;
  return {
    network,
    server,
    workers: [vm(first, "agent"), ...others.map((worker) => vm(worker, "agent"))],
    devices: devices.machines,
  };
}

/** Makes the bundles with which devices that nobody reaches join the overlay. */
export function joinBundles(
  { settings, operatorKey }: Loaded,
  overlay: Overlay,
): readonly JoinBundle[] {
  return settings.edge.flatMap((device) =>
    device.reach === "bundle"
      ? [
          new JoinBundle(device.name, {
            device,
            overlay,
            operatorKey,
            operatorFolder: settings.operator.folder,
            requirements: requirementsOf(settings),
          }),
        ]
      : [],
  );
}
