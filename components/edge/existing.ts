/** Adopting a machine that already exists: a Raspberry Pi, or anything else that answers SSH. */
import * as pulumi from "@pulumi/pulumi";

import type { ReachableDevice } from "../../config/edge.ts";
import type { OperatorKey } from "../../config/load.ts";
import type { Connection, Machine } from "../machine.ts";
import { prepare } from "./preparation.ts";

/** An edge device as a machine. Nothing is created: the device is there and stays there. */
export function adopt(device: ReachableDevice, operatorKey: OperatorKey): Machine {
  return prepare({
    name: device.name,
    tier: "edge",
    role: "agent",
    arch: device.arch,
    adminUser: device.user,
    lost: device.lost,
    connection: pulumi.output(connectionTo(device, operatorKey)),
  });
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
