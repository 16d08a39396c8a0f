import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  ADDRESS,
  EXTENSION,
  GROUP,
  MACHINE,
  NIC,
  RULES,
  SUBNET,
  VNET,
} from "@fogline/azure-checks/world";
import { execaSync } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { hostKeyFrom } from "../../../components/azure/host-key.ts";
import { CONDITION } from "../../../testing/patience.ts";
import { checkInputs } from "./contract.ts";
import { FOLDER, viewOf, wrap } from "./extension.ts";
import { INPUTS, TestCloud, urnOf } from "./testing/cloud.ts";

const GET = "azure-native:compute:getVirtualMachineExtension";
const ASK = { resourceGroupName: "fog", vmName: "A", vmExtensionName: "host-key" };

describe("a command on a machine", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "extension-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  // The extension keeps outputs below /var/lib, which a test may not write to.
  const run = (command: string, seconds = CONDITION / 1000) =>
    execaSync("bash", ["-s"], {
      input: wrap(command, seconds).replaceAll(FOLDER, folder),
      reject: false,
    });

  it("is run as it is by sh without input, and tells its exit code", () => {
    const { stdout, stderr, exitCode } = run(`echo 'it''s "$HOME"' $0; cat; echo bad >&2; exit 7`);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: `its "$HOME" /bin/sh\n`,
      stderr: "bad\n",
      exitCode: 7,
    });
  });

  it("has its outputs kept for root, and their ends reported", () => {
    const { stdout } = run("seq 10000; echo oh >&2");
    expect(stdout).toHaveLength(4096);
    expect(stdout.endsWith("9999\n10000\n")).toBe(true);
    expect(readFileSync(join(folder, "stdout"), "utf8").startsWith("1\n2\n")).toBe(true);
    expect(readFileSync(join(folder, "stderr"), "utf8")).toBe("oh\n");
    expect(statSync(join(folder, "stdout")).mode & 0o777).toBe(0o600);
  });

  it("is ended after its time", () => {
    expect(run("sleep 30", 1).exitCode).toBe(124);
  });
});

describe("what the agent reports", () => {
  it("has the form that the program reads", () => {
    const view = viewOf("host-key", { exitCode: 0, stdout: "ssh-ed25519 AAAA\n", stderr: "" });
    expect(view.statuses).toEqual([
      {
        code: "ProvisioningState/succeeded",
        level: "Info",
        displayStatus: "Provisioning succeeded",
        message: "Enable succeeded: \n[stdout]\nssh-ed25519 AAAA\n\n[stderr]\n",
      },
    ]);
    const place = { machine: "A", resourceGroup: "fog", extension: "host-key" };
    expect(hostKeyFrom(view, place)).toBe("ssh-ed25519 AAAA");
  });
});

describe("an extension", () => {
  let azure: TestCloud;
  let machine: string;

  beforeEach(async () => {
    azure = new TestCloud();
    await azure.create(GROUP, INPUTS.group);
    await azure.create(VNET, INPUTS.vnet);
    await azure.create(SUBNET, INPUTS.subnet);
    await azure.create(RULES, INPUTS.rules);
    await azure.create(ADDRESS, INPUTS.address("A-ip"), "A-ip");
    await azure.create(NIC, INPUTS.nic("A-nic", "A-ip"), "A-nic");
    machine = (await azure.create(MACHINE, INPUTS.machine("A", "A-nic"), "A")).id;
    azure.told.length = 0;
  });

  const view = async (): Promise<unknown> =>
    (await azure.provider.invoke(GET, { ...ASK, expand: "instanceView" })).outputs["instanceView"];

  it("shows its report to who asks for the instance view", async () => {
    const { outputs } = await azure.create(EXTENSION, INPUTS.extension("A"));
    expect(outputs).not.toHaveProperty("instanceView");
    expect(outputs).toMatchObject({ name: "host-key", provisioningState: "Succeeded" });
    expect(await view()).toMatchObject({
      statuses: [{ message: "Enable succeeded: \n[stdout]\nssh-ed25519 HOST\n\n[stderr]\n" }],
    });
    expect((await azure.provider.invoke(GET, ASK)).outputs).not.toHaveProperty("instanceView");
  });

  it("shows none while its machine is off, and cannot be changed or deleted then", async () => {
    const { id } = await azure.create(EXTENSION, INPUTS.extension("A"));
    azure.off.add("A");
    expect(await view()).toBeUndefined();
    const refused = "Cannot modify extensions in the VM when the VM is not running.";
    const tagged = { ...INPUTS.extension("A"), tags: { a: "b" } };
    await expect(azure.update(EXTENSION, id, tagged)).rejects.toThrow(refused);
    await expect(azure.delete(EXTENSION, id)).rejects.toThrow(refused);
    azure.off.clear();
    expect(await view()).toBeDefined();
    await azure.delete(EXTENSION, id);
    azure.off.add("A");
    await expect(azure.create(EXTENSION, INPUTS.extension("A"))).rejects.toThrow(refused);
  });

  it("runs again for other settings, and for nothing less", async () => {
    const { id } = await azure.create(EXTENSION, INPUTS.extension("A"));
    await azure.update(EXTENSION, id, { ...INPUTS.extension("A"), tags: { a: "b" } });
    expect(azure.told).toEqual(["run cat key on A"]);
    await azure.update(EXTENSION, id, INPUTS.extension("A", "cat other"));
    await azure.update(EXTENSION, id, {
      ...INPUTS.extension("A", "cat other"),
      forceUpdateTag: "2",
    });
    expect(azure.told.slice(1)).toEqual(["run cat other on A", "run cat other on A"]);
  });

  it("fails the deployment with what its command reported", async () => {
    azure.ran = { exitCode: 3, stdout: "", stderr: "cat: key: no such file\n" };
    await expect(azure.create(EXTENSION, INPUTS.extension("A"))).rejects.toThrow(
      /^Code="VMExtensionProvisioningError" Message="VM has reported a failure when processing extension 'host-key' \(publisher 'Microsoft.Azure.Extensions' and type 'CustomScript'\). Error message: 'Enable failed: failed to execute command: command terminated with exit status=3\n\[stdout\]\n\n\[stderr\]\ncat: key: no such file\n'\. More information/,
    );
    expect(await view()).toMatchObject({ statuses: [{ code: "ProvisioningState/failed/0" }] });
  });

  it("that failed stays as it failed until it is deleted or has other settings", async () => {
    azure.ran = { exitCode: 3, stdout: "", stderr: "no such file" };
    const order = (command?: string): Promise<unknown> =>
      azure.create(EXTENSION, INPUTS.extension("A", command));
    await expect(order()).rejects.toThrow("exit status=3");
    azure.ran = { exitCode: 0, stdout: "ssh-ed25519 HOST\n", stderr: "" };
    azure = azure.restarted();
    await expect(order()).rejects.toThrow("exit status=3");
    expect(azure.told).toEqual([]);
    await order("cat other");
    await azure.delete(EXTENSION, `${machine}/extensions/host-key`);
    await order();
    expect(azure.told).toEqual(["run cat other on A", "run cat key on A"]);
  });

  it("takes no longer than Azure lets it", async () => {
    azure.ran = { exitCode: 124, stdout: "", stderr: "" };
    await expect(azure.create(EXTENSION, INPUTS.extension("A"))).rejects.toThrow(
      "VMExtensionProvisioningTimeout",
    );
  });

  it("is the only one of its kind on a machine", async () => {
    await azure.create(EXTENSION, INPUTS.extension("A"));
    const another = { ...INPUTS.extension("A"), vmExtensionName: "other" };
    await expect(azure.create(EXTENSION, another, "other")).rejects.toThrow(
      "VMExtension 'host-key' with handler 'Microsoft.Azure.Extensions.CustomScript' already added",
    );
  });

  it("is run again on a machine that was made anew", async () => {
    await azure.create(EXTENSION, INPUTS.extension("A"), "key");
    azure = azure.restarted(urnOf(MACHINE, "A"), urnOf(EXTENSION, "key"));
    const other = INPUTS.machine("A", "A-nic", undefined, "ssh-ed25519 B");
    await azure.create(MACHINE, other, "A");
    await azure.create(EXTENSION, INPUTS.extension("A"), "key");
    expect(azure.told).toEqual(["erase A", "boot A", "run cat key on A"]);
    await azure.delete(MACHINE, machine);
    await azure.create(MACHINE, INPUTS.machine("A", "A-nic"), "A");
    await azure.create(EXTENSION, INPUTS.extension("A"), "key");
    expect(azure.told.slice(3)).toEqual(["erase A", "boot A", "run cat key on A"]);
  });

  it("of which no engine heard is not run twice", async () => {
    await azure.create(EXTENSION, INPUTS.extension("A"), "key");
    azure = azure.restarted(urnOf(EXTENSION, "key"));
    await azure.create(EXTENSION, INPUTS.extension("A"), "key");
    expect(azure.told).toEqual([]);
  });

  it("is supported where it runs a command in the open", () => {
    const problems = (inputs: object): string[] =>
      checkInputs(EXTENSION, { ...INPUTS.extension("A"), ...inputs }).map(({ reason }) => reason);
    expect(problems({})).toEqual([]);
    expect(problems({ settings: { script: "aWQ=" } })[0]).toContain(
      "does not support settings.script",
    );
    const secret = { protectedSettings: { commandToExecute: "id" }, settings: {} };
    expect(problems(secret)).toEqual([
      "the lab's stand-in for azure-native:compute:VirtualMachineExtension does not support protectedSettings",
    ]);
    const other = { publisher: "Microsoft.OSTCExtensions", type: "VMAccessForLinux" };
    expect(problems({ ...other, typeHandlerVersion: "1.5" })).toEqual([
      "the lab's stand-in for Azure does not support publisher Microsoft.OSTCExtensions",
      "the lab's stand-in for Azure does not support type VMAccessForLinux",
    ]);
  });
});

describe("a cloud of before", () => {
  it("lets go of the run command that an extension took the place of", async () => {
    const azure = new TestCloud();
    const type = "azure-native:compute:VirtualMachineRunCommandByVirtualMachine";
    const { id } = await azure.create(GROUP, INPUTS.group);
    const command = `${id}/providers/Microsoft.Compute/virtualMachines/A/runCommands/host-key`;
    await azure.cloud.change((draft) => {
      draft.put({ id: command, type, inputs: {}, outputs: {} });
    });
    expect(azure.provider.read("", command)).toBeDefined();
    await azure.delete(type, command);
    expect(azure.cloud.get(command)).toBeUndefined();
  });
});
