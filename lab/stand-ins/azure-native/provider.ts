/**
 * Stand-in for the `azure-native` provider: the lab's cloud. The same types, fields and ids; a
 * virtual machine is a machine that boots here, and what Azure would refuse is refused, by the check
 * that also judges the program before there is any cloud (`packages/azure-checks`).
 *
 * Deviations: a machine has this computer's processor architecture whatever its image says, and its
 * system is the lab's Debian; disks, zones and accelerated networking are taken and have no effect;
 * rules do not filter between machines of one subnet; a resource whose creation was cut off, and of
 * which no engine heard, is taken up by the next one that asks for it, and goes with what it uses.
 */
import { inUse } from "@fogline/azure-checks/deletion";
import type { Inputs } from "@fogline/azure-checks/values";
import {
  EXTENSION,
  GROUP,
  MACHINE,
  nameOf,
  NIC,
  parentOf,
  SUBNET,
} from "@fogline/azure-checks/world";
import type { Say } from "@fogline/pulumi-kit/messages";
import type { PlannedChange, Provider } from "@fogline/pulumi-kit/serve";
import {
  canonical,
  typeOf,
  unwrap,
  type Problem,
  type Properties,
} from "@fogline/pulumi-kit/values";

import type { Unreported } from "../../engine/unreported.ts";
import type { Cloud, Draft, Stored, View } from "./cloud.ts";
import { checkInputs, diffInputs, differs } from "./contract.ts";
import { AzureError } from "./errors.ts";
import { failureOf, viewOf, type InstanceView } from "./extension.ts";
import type { Hypervisor } from "./machines.ts";
import { settle } from "./settle.ts";
import type { ExtensionInputs, MachineInputs } from "./shapes.ts";
import { idOf, typeContract } from "./types.ts";

const INVOKES: Readonly<Record<string, string>> = {
  "azure-native:compute:getVirtualMachine": MACHINE,
  "azure-native:compute:getVirtualMachineExtension": EXTENSION,
};

/** Inputs of an extension whose change has its command run again. */
const RUN_AGAIN = ["settings", "forceUpdateTag"];

/** The network under the machines; a test puts another in its place. */
export interface Network {
  apply(cloud: View): Promise<void>;
  removeBridge(subnetId: string): Promise<void>;
}

/** Serves Azure's types from the lab's cloud. */
export class AzureProvider implements Provider {
  readonly version = "3.28.0";
  /** Names are given, so the new one cannot stand beside the old one. */
  readonly deleteBeforeReplace = true;

  constructor(
    private readonly cloud: Cloud,
    private readonly unreported: Unreported,
    private readonly hypervisor: Hypervisor,
    private readonly network: Network,
    private readonly say: Say,
  ) {}

  check(urn: string, inputs: Properties): Problem[] {
    return checkInputs(typeOf(urn), inputs);
  }

  diff(urn: string, oldInputs: Properties, inputs: Properties): PlannedChange[] {
    return diffInputs(typeOf(urn), oldInputs, inputs);
  }

  async create(urn: string, properties: Properties): Promise<{ id: string; outputs: Properties }> {
    const id = idOf(typeOf(urn), unwrap(properties) as Inputs);
    const known = this.cloud.get(id);
    if (known !== undefined && !this.isFresh(known)) {
      throw new Error(`cannot create already existing resource '${id}'`);
    }
    this.unreported.begin(urn);
    const outputs = await this.put(urn, id, properties);
    this.unreported.forget(urn);
    return { id, outputs };
  }

  update(urn: string, olds: Properties, properties: Properties): Promise<Properties> {
    return this.put(urn, String(olds["id"]), properties);
  }

  /** What Azure adds to a NIC's configuration is its address, which stays once it is given. */
  readonly preview = {
    create: (urn: string, inputs: Properties): Properties => {
      const name = inputs[typeContract(typeOf(urn)).names.at(-1) ?? ""];
      return typeOf(urn) === NIC
        ? { ...inputs, name, ipConfigurations: undefined }
        : { ...inputs, name };
    },
    update: (urn: string, olds: Properties, inputs: Properties): Properties => {
      const { ipConfigurations } = inputs;
      return typeOf(urn) === NIC && Array.isArray(ipConfigurations)
        ? {
            ...olds,
            ...inputs,
            ipConfigurations: ipConfigurations.map((config: object) => ({
              ...config,
              privateIPAddress: olds["privateAddress"],
            })),
          }
        : { ...olds, ...inputs };
    },
  };

  read(_urn: string, id: string): { inputs: Properties; outputs: Properties } | undefined {
    const stored = this.cloud.get(id);
    return stored === undefined ? undefined : { inputs: stored.inputs, outputs: shown(stored) };
  }

  async delete(_urn: string, outputs: Properties): Promise<void> {
    const stored = this.cloud.get(String(outputs["id"]));
    if (stored === undefined) {
      return;
    }
    await this.refuseStopped(stored);
    const going = this.goingWith(stored);
    const machines = going.filter((one) => one.type === MACHINE);
    await Promise.all(machines.map((machine) => this.hypervisor.erase(nameOf(machine.id))));
    await this.cloud.change(async (draft) => {
      for (const one of going) {
        draft.remove(one.id);
      }
      if (going.some((one) => onNetwork(one.type))) {
        await this.network.apply(draft);
      }
      for (const subnet of going.filter((one) => one.type === SUBNET)) {
        await this.network.removeBridge(subnet.id);
      }
    });
    for (const one of going) {
      this.unreported.forget(one.urn);
    }
  }

  async invoke(
    token: string,
    args: Properties,
  ): Promise<{ outputs: Properties; problems: readonly Problem[] }> {
    const inputs = unwrap(args) as Inputs;
    const type = INVOKES[token];
    if (type === undefined) {
      throw new Error(`the lab's stand-in for Azure does not support ${token}`);
    }
    const id = idOf(type, inputs);
    const stored = this.cloud.get(id);
    if (stored === undefined) {
      const message = `The Resource '${id}' was not found.`;
      throw new AzureError({ code: "ResourceNotFound", message });
    }
    const { instanceView, ...outputs } = stored.outputs;
    // What is off reports nothing.
    const isShown = inputs["expand"] === "instanceView" && (await this.isRunning(stored));
    return { outputs: isShown ? { ...outputs, instanceView } : outputs, problems: [] };
  }

  /** What Azure was asked to do goes on without the one who asked. */
  cancel(): Promise<void> {
    return Promise.resolve();
  }

  private async put(urn: string, id: string, properties: Properties): Promise<Properties> {
    const type = typeOf(urn);
    const inputs = unwrap(properties) as Inputs;
    await this.refuseStopped({ id, type });
    const { known, ordered } = await this.cloud.change((draft) =>
      this.order(draft, { urn, id, type, inputs }),
    );
    if (!slow(type)) {
      return resealed(properties, shown(ordered));
    }
    const own =
      type === MACHINE
        ? await this.makeMachine(urn, ordered, known)
        : { instanceView: await this.enable(ordered, known) };
    const outputs = { ...ordered.outputs, ...own, provisioningState: "Succeeded" };
    const made = { ...ordered, outputs };
    await this.cloud.change((draft) => {
      draft.put(made);
    });
    return resealed(properties, shown(made));
  }

  /** Takes an order: from here on the cloud holds it, and the network is what it says. */
  private async order(
    draft: Draft,
    order: Pick<Stored, "id" | "type" | "inputs"> & { readonly urn: string },
  ): Promise<{ known: Stored | undefined; ordered: Stored }> {
    const { id, type, inputs } = order;
    const known = draft.get(id);
    const isFresh = known !== undefined && this.isFresh(known);
    const { official, apiVersion } = typeContract(type);
    const ordered: Stored = {
      ...order,
      outputs: {
        ...inputs,
        id,
        name: nameOf(id),
        type: official,
        azureApiVersion: apiVersion,
        ...settle(draft, order, isFresh),
        // A group says so below its properties, whatever it holds.
        ...(type === GROUP ? { properties: { provisioningState: "Succeeded" } } : {}),
        provisioningState: slow(type) ? "Creating" : "Succeeded",
      },
    };
    if (known !== undefined && isFresh && type === MACHINE) {
      await this.startOver(draft, known, inputs);
    }
    // Until the change is made, what stands is what stood: a change that is cut off is seen again.
    draft.put(
      known === undefined || !slow(type) || unfinished(known)
        ? ordered
        : { ...known, outputs: { ...known.outputs, provisioningState: "Updating" } },
    );
    if (onNetwork(type)) {
      await this.network.apply(draft);
    }
    return { known, ordered };
  }

  /** A machine that nobody got to see does not stand in the way of another order. */
  private async startOver(
    draft: Draft,
    { id, inputs: before }: Stored,
    inputs: Inputs,
  ): Promise<void> {
    const fixed = typeContract(MACHINE).replaces;
    if (fixed.some((path) => differs(path, before, inputs))) {
      await this.hypervisor.erase(nameOf(id));
      // What an extension reported of it holds for no other machine.
      for (const inner of draft.under(id)) {
        draft.remove(inner.id);
      }
    } else if (differs("hardwareProfile", before, inputs)) {
      await this.hypervisor.halt(nameOf(id));
    }
  }

  private async makeMachine(urn: string, { id, inputs }: Stored, known?: Stored): Promise<object> {
    if (
      known !== undefined &&
      !unfinished(known) &&
      differs("hardwareProfile", known.inputs, inputs)
    ) {
      this.say(urn, "restarting with the new size");
      await this.hypervisor.halt(nameOf(id));
    }
    this.say(urn, "booting");
    await this.hypervisor.boot(this.cloud, inputs as unknown as MachineInputs);
    return {};
  }

  /**
   * Runs an extension's command on its machine. Only other settings run it again: the agent keeps what
   * it reported, a failure as well, until the extension is deleted.
   *
   * @throws AzureError when it fails, which the cloud remembers
   */
  private async enable(ordered: Stored, known?: Stored): Promise<InstanceView> {
    const { id, inputs } = ordered;
    const extension = inputs as unknown as ExtensionInputs;
    const before = known?.outputs["instanceView"] as InstanceView | undefined;
    const isDone =
      before !== undefined && !RUN_AGAIN.some((path) => differs(path, known?.inputs ?? {}, inputs));
    const { vmName, settings } = extension;
    const view = isDone
      ? before
      : viewOf(nameOf(id), await this.hypervisor.execute(vmName, settings.commandToExecute));
    const failure = failureOf(extension, view);
    if (failure !== undefined) {
      const outputs = { ...ordered.outputs, instanceView: view, provisioningState: "Failed" };
      await this.cloud.change((draft) => {
        draft.put({ ...ordered, outputs });
      });
      throw new AzureError(failure);
    }
    return view;
  }

  /** Azure changes no extension of a machine that is off, and deletes none. */
  private async refuseStopped(resource: Pick<Stored, "id" | "type">): Promise<void> {
    const isThere = this.cloud.get(parentOf(resource.id)) !== undefined;
    if (resource.type === EXTENSION && isThere && !(await this.isRunning(resource))) {
      throw new AzureError({
        code: "OperationNotAllowed",
        message: "Cannot modify extensions in the VM when the VM is not running.",
      });
    }
  }

  /** Whether a machine has power, or the one that an extension is on. */
  private isRunning({ id, type }: Pick<Stored, "id" | "type">): Promise<boolean> {
    return this.hypervisor.isRunning(nameOf(type === EXTENSION ? parentOf(id) : id));
  }

  /** What goes with a resource: what stands under it, and what nobody got to see that uses it. */
  private goingWith(self: Stored): readonly Stored[] {
    const going = new Map([[self.id, self]]);
    // A map that grows is walked to its new end.
    for (const one of going.values()) {
      for (const inner of this.cloud.under(one.id)) {
        going.set(inner.id, inner);
      }
      for (const user of this.cloud.usersOf(one.id)) {
        if (!going.has(user.id) && !this.isFresh(user)) {
          throw new AzureError(inUse(one.type, one.id, user.id));
        }
        going.set(user.id, user);
      }
    }
    return [...going.values()];
  }

  /** Whether the resource's creation was never reported to an engine. */
  private isFresh(stored: Stored): boolean {
    return unfinished(stored) || this.unreported.has(stored.urn);
  }
}

/** A resource as the engine keeps it: what came of a command is asked for with `expand`. */
function shown({ outputs }: Stored): Record<string, unknown> {
  return Object.fromEntries(Object.entries(outputs).filter(([key]) => key !== "instanceView"));
}

/** Outputs in the envelopes that the same values had as inputs: what is secret stays so. */
function resealed(inputs: Properties, outputs: Properties): Properties {
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => [
      key,
      canonical(unwrap(inputs[key])) === canonical(value) ? inputs[key] : value,
    ]),
  );
}

function onNetwork(type: string): boolean {
  return type.startsWith("azure-native:network:");
}

function slow(type: string): boolean {
  return type === MACHINE || type === EXTENSION;
}

/** Whether a resource's making was cut off, or failed. */
function unfinished({ outputs }: Stored): boolean {
  return ["Creating", "Failed"].includes(String(outputs["provisioningState"]));
}
