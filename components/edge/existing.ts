/** Adopting a machine that already exists: a Raspberry Pi, or anything else that answers SSH. */
import * as pulumi from "@pulumi/pulumi";

import type { ReachableDevice } from "../../config/edge.ts";
import type { OperatorKey } from "../../config/operator-key.ts";
import type { Connection, EdgeMachine } from "../machine.ts";
import { checkDevice, type Requirements } from "./check.ts";
import { prepare } from "./preparation.ts";

export interface ExistingDevicesArgs {
  readonly devices: readonly ReachableDevice[];
  readonly operatorKey: OperatorKey;
  /** What a device must fulfil to join. */
  readonly requirements: Requirements;
}

/** Before they had a component, steps on devices belonged to the stack itself. */
const FORMER = { aliases: [{ parent: pulumi.rootStackResource }] };

/**
 * Edge devices as machines. Each is checked, then prepared once all of them have passed; nothing else is
 * created, and nothing is billed.
 */
export class ExistingDevices extends pulumi.ComponentResource {
  /** Prepared machines, in the order of `devices`. */
  readonly machines: readonly EdgeMachine[];
  /** Done when no device stands in the way of the stack. */
  readonly checked: readonly pulumi.Resource[];

  constructor(name: string, args: ExistingDevicesArgs, opts?: pulumi.ComponentResourceOptions) {
    const { devices, operatorKey, requirements } = args;
    super("fogline:edge:ExistingDevices", name, { devices, requirements }, opts);
    const found = devices.map((device) => ({ device, machine: machineOf(device, operatorKey) }));
    const child = { parent: this, ...FORMER };
    this.checked = found
      // A lost device does not answer.
      .filter(({ device }) => !device.lost)
      .map(({ device, machine }) => checkDevice(machine, device, requirements, child));
    this.machines = found.map(({ machine }) =>
      // No device is changed while another one keeps the stack from being built.
      prepare(machine, requirements, { ...child, dependsOn: [...this.checked] }),
    );
    this.registerOutputs({});
  }
}

function machineOf(device: ReachableDevice, operatorKey: OperatorKey): EdgeMachine {
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
