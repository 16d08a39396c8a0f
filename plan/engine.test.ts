import * as compute from "@pulumi/azure-native/compute/index.js";
import { beforeAll, describe, expect, it } from "vitest";

import { hostKeyFrom } from "../components/azure/host-key.ts";
import { value } from "../testing/engine.ts";
import { mockEngine } from "./engine.ts";

const MACHINE = { resourceGroupName: "CloudStep", vmName: "WorkerNode", expand: "instanceView" };

describe("a machine's host key", () => {
  beforeAll(() => {
    mockEngine({});
  });

  it("is the same, whether a checkout asks an extension or, as former ones, a run command", async () => {
    const place = { machine: "WorkerNode", resourceGroup: "CloudStep", extension: "host-key" };
    const extension = compute.getVirtualMachineExtensionOutput({
      ...MACHINE,
      vmExtensionName: "host-key",
    });
    const command = compute.getVirtualMachineRunCommandByVirtualMachineOutput({
      ...MACHINE,
      runCommandName: "host-key",
    });
    expect(hostKeyFrom((await value(extension)).instanceView, place)).toBe(
      (await value(command)).instanceView.output,
    );
  });
});
