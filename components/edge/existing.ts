/** Adopting a machine that already exists: a Raspberry Pi, or anything else that answers SSH. */
import * as pulumi from "@pulumi/pulumi";

import type { OperatorKey } from "../../config/load.ts";
import type { Settings } from "../../config/schema.ts";
import type { Machine } from "../machine.ts";

/** An edge device as a machine. Nothing is created: the device is there and stays there. */
export function adopt(device: Settings["edge"][number], operatorKey: OperatorKey): Machine {
  return {
    name: device.name,
    tier: "edge",
    role: "agent",
    arch: device.arch,
    adminUser: device.user,
    connection: pulumi.output({
      host: device.host,
      port: device.port,
      user: device.user,
      privateKey: operatorKey.privateKey,
      hostKey: device.hostKey,
      perDialTimeout: 10,
      // An absent device fails the run within two minutes and leaves the rest intact.
      dialErrorLimit: 8,
    }),
  };
}
