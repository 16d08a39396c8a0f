import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import type { OperatorKey } from "../../config/operator-key.ts";
import { value } from "../../testing/engine.ts";
import { Network } from "./network.ts";
import { Vm } from "./vm.ts";

const operatorKey: OperatorKey = {
  publicKey: "ssh-ed25519 AAAA",
  privateKey: pulumi.output("key"),
};
const HOST_KEY = `ssh-ed25519 ${createHash("sha512").update("host").digest("base64")}`;

/** A machine whose NIC has this address, or none, as while Azure has not told it. */
function machine(address: string | undefined, isPreview: boolean): Vm {
  void pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({
        id: name,
        state: {
          ...(inputs as Record<string, unknown>),
          ipAddress: "192.0.2.1",
          ipConfigurations: [{ name: "primary", privateIPAddress: address }],
        },
      }),
      call: () => ({
        instanceView: {
          statuses: [
            {
              code: "ProvisioningState/succeeded",
              message: `Enable succeeded: \n[stdout]\n${HOST_KEY}\n\n[stderr]\n`,
            },
          ],
        },
      }),
    },
    "fogline",
    "test",
    isPreview,
  );
  const network = new Network("fogline", {
    resourceGroup: "CloudStep",
    location: "eastus",
    range: "10.10.0.0/16",
    subnet: "10.10.1.0/24",
    sshFrom: ["198.51.100.2/32"],
    wireguardPort: 51820,
    tags: {},
    protect: false,
  });
  return new Vm("WorkerNode", {
    ...{ network, role: "agent", arch: "arm64", size: "Standard_B2pls_v2", operatorKey },
    ...{ image: "Debian:debian-13:13-arm64:1.0", adminUser: "fogline", protect: false },
    disk: { kind: "StandardSSD_LRS" },
  });
}

describe("the address of a machine in the cloud's network", () => {
  it("is its NIC's", async () => {
    expect(await value(machine("10.10.1.5", false).privateAddress)).toBe("10.10.1.5");
  });

  it("is unknown in a preview that does not know it, never an empty text", async () => {
    const { privateAddress } = machine(undefined, true);
    const { isKnown } = privateAddress as unknown as { isKnown: Promise<boolean> };
    expect(await isKnown).toBe(false);
  });
});
