/** Where the computers come from: a cloud network with its machines, and adopted edge devices. */
import type { Loaded } from "../config/load.ts";
import { Network } from "../components/azure/network.ts";
import { Vm } from "../components/azure/vm.ts";
import { adopt } from "../components/edge/existing.ts";
import type { Machine } from "../components/machine.ts";

export interface Machines {
  readonly server: Vm;
  readonly workers: readonly Vm[];
  readonly devices: readonly Machine[];
}

/** Creates the cloud's machines and adopts the edge's. */
export function machines({ settings, operatorKey }: Loaded): Machines {
  const { cloud } = settings;
  const network = new Network("fogline", {
    resourceGroup: cloud.resourceGroup,
    location: cloud.location,
    range: cloud.network,
    subnet: cloud.subnet,
    sshFrom: cloud.sshFrom,
    wireguardPort: settings.overlay.listenPort,
  });
  const vm = (wanted: { name: string; size: string }, role: Machine["role"]): Vm =>
    new Vm(wanted.name, {
      network,
      role,
      size: wanted.size,
      arch: cloud.arch,
      image: cloud.image,
      adminUser: cloud.adminUser,
      operatorKey,
    });
  return {
    server: vm(cloud.master, "server"),
    workers: cloud.workers.map((worker) => vm(worker, "agent")),
    devices: settings.edge.map((device) => adopt(device, operatorKey)),
  };
}
