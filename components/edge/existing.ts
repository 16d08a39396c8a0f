/** Adopting a machine that already exists: a Raspberry Pi, or anything else that answers SSH. */
import * as pulumi from "@pulumi/pulumi";

import type { ReachableDevice } from "../../config/edge.ts";
import type { OperatorKey } from "../../config/operator-key.ts";
import type { Connection, Machine } from "../machine.ts";
import { checkDevice, type Requirements } from "./check.ts";
import { prepare } from "./preparation.ts";

/** Devices that exist already, each of them looked over before anything else is made. */
export interface Adopted {
  readonly machines: readonly Machine[];
  /** Done when no device stands in the way of the stack. */
  readonly checked: readonly pulumi.Resource[];
}

/** Edge devices as machines. Nothing is created: the devices are there and stay there. */
export function adopt(
  devices: readonly ReachableDevice[],
  operatorKey: OperatorKey,
  requirements: Requirements,
): Adopted {
  const found = devices.map((device) => ({ device, machine: machineOf(device, operatorKey) }));
  // Nobody can look a lost one over any more.
  const checked = found
    .filter(({ device }) => !device.lost)
    .map(({ device, machine }) => checkDevice(machine, device, requirements));
  return {
    machines: found.map(({ machine }) => prepare(machine, requirements, { dependsOn: checked })),
    checked,
  };
}

function machineOf(device: ReachableDevice, operatorKey: OperatorKey): Machine {
  return {
    name: device.name,
    tier: "edge",
    role: "agent",
    arch: device.arch,
    adminUser: device.user,
    lost: device.lost,
    connection: pulumi.output(connectionTo(device, operatorKey)),
  };
}

function connectionTo(device: ReachableDevice, { privateKey }: OperatorKey): Connection {
  const patience = {
    perDialTimeout: 10,
    // An absent device fails the run within two minutes and leaves the rest intact.
    dialErrorLimit: 8,
  };
  const { host, port, user, hostKey } = device;
  const end = { host, port, user, hostKey, privateKey, ...patience };
  return device.reach === "lan"
    ? end
    : { ...end, proxy: { ...device.jump, privateKey, ...patience } };
}
