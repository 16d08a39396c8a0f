/**
 * Stand-in for the `azure-native` provider: the lab's cloud. The same types, fields and ids; a
 * virtual machine is a machine that boots here, and what Azure would refuse is refused.
 *
 * Deviations: a machine has this computer's processor architecture whatever its image says, and its
 * system is the lab's Debian; creating what exists updates it, as Azure's own PUT does.
 */
import { randomUUID } from "node:crypto";

import type {
  CheckResult,
  CreateResult,
  DiffResult,
  InvokeResult,
  Provider,
  UpdateResult,
} from "@pulumi/pulumi/provider/index.js";

import type { Say } from "../shared/engine.ts";
import {
  changed,
  hasUnknown,
  refuseUnknown,
  typeOf,
  unwrap,
  type Properties,
} from "../shared/values.ts";
import type { Cloud } from "./cloud.ts";
import { bootMachine, eraseMachine, haltMachine, runCommand } from "./machines.ts";
import { applyFabric, privateAddress, publicAddress, removeBridge } from "./network.ts";
import { AzureError, checkAddress, checkMachine, checkRules, checkSubnet } from "./refusals.ts";
import type {
  CardInputs,
  MachineInputs,
  RunCommandInputs,
  SubnetInputs,
  VnetInputs,
} from "./shapes.ts";
import {
  ADDRESS,
  CARD,
  GROUP,
  MACHINE,
  nameOf,
  RULES,
  RUN_COMMAND,
  SUBNET,
  text,
  typeContract,
  type Inputs,
} from "./types.ts";

const GET_MACHINE = "azure-native:compute:getVirtualMachine";
const GET_RUN_COMMAND = "azure-native:compute:getVirtualMachineRunCommandByVirtualMachine";

/** Serves Azure's types from the lab's cloud. */
export class AzureProvider implements Provider {
  readonly version = "3.28.0";
  /** Changes of the network happen one after another; machines boot side by side. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly cloud: Cloud,
    private readonly say: Say,
  ) {}

  check(urn: string, _olds: Properties, news: Properties): Promise<CheckResult> {
    const type = typeOf(urn);
    const failures = refuseUnknown(type, typeContract(type).inputs, news);
    return Promise.resolve({ inputs: news, failures });
  }

  diff(_id: string, urn: string, olds: Properties, news: Properties): Promise<DiffResult> {
    const { inputs, replaces } = typeContract(typeOf(urn));
    const stored = (unwrap(olds["__inputs"]) ?? olds) as Properties;
    const changes = changed(inputs, stored, news);
    const fixed = [...replaces, "resourceGroupName", "location"];
    return Promise.resolve({
      changes: changes.length > 0 || hasUnknown(news),
      replaces: changes.filter((key) => fixed.includes(key)),
      // Names are given, so the new one cannot stand beside the old one.
      deleteBeforeReplace: true,
    });
  }

  async create(urn: string, properties: Properties): Promise<CreateResult> {
    const type = typeOf(urn);
    const inputs = unwrap(properties) as Inputs;
    const id = typeContract(type).path(inputs);
    return { id, outs: await this.put(urn, id, type, inputs) };
  }

  async update(
    id: string,
    urn: string,
    _olds: Properties,
    news: Properties,
  ): Promise<UpdateResult> {
    const type = typeOf(urn);
    const inputs = unwrap(news) as Inputs;
    if (type === MACHINE) {
      // Azure changes a machine's size by restarting it.
      await haltMachine(inputs as unknown as MachineInputs);
    }
    return { outs: await this.put(urn, id, type, inputs) };
  }

  async delete(id: string, urn: string): Promise<void> {
    const stored = this.cloud.get(id);
    if (stored === undefined) {
      return;
    }
    const type = typeOf(urn);
    const user = this.cloud.userOf(id);
    // A group's deletion takes along what is in it, and a machine's its run commands.
    if (user !== undefined && type !== GROUP && type !== MACHINE) {
      throw new AzureError(
        typeContract(type).inUse,
        `${nameOf(id)} is in use by ${user.id} and cannot be deleted.`,
      );
    }
    if (type === MACHINE) {
      await eraseMachine(nameOf(id));
    }
    await this.alone(async () => {
      this.cloud.remove(id);
      if (type === SUBNET) {
        await removeBridge(id);
      }
      if (type !== GROUP && type !== RUN_COMMAND) {
        await applyFabric(this.cloud);
      }
    });
  }

  invoke(token: string, args: Properties): Promise<InvokeResult> {
    const inputs = unwrap(args) as Inputs;
    const type = { [GET_MACHINE]: MACHINE, [GET_RUN_COMMAND]: RUN_COMMAND }[token];
    if (type === undefined) {
      throw new Error(`the lab's stand-in for Azure does not support ${token}`);
    }
    const id = typeContract(type).path(inputs);
    const stored = this.cloud.get(id);
    if (stored === undefined) {
      throw new AzureError("ResourceNotFound", `The Resource '${id}' was not found.`);
    }
    return Promise.resolve({ outputs: stored.outputs });
  }

  private async put(
    urn: string,
    id: string,
    type: string,
    inputs: Inputs,
  ): Promise<Record<string, unknown>> {
    const own = await this.make(urn, id, type, inputs);
    const outputs = {
      ...inputs,
      name: nameOf(id),
      type: type.replace("azure-native:", ""),
      provisioningState: "Succeeded",
      azureApiVersion: "lab",
      ...own,
    };
    await this.alone(async () => {
      this.cloud.put({ id, type, inputs, outputs });
      if (type !== GROUP && type !== MACHINE && type !== RUN_COMMAND) {
        await applyFabric(this.cloud);
      }
    });
    return { ...outputs, __inputs: inputs };
  }

  /** What Azure adds to the inputs of a type, once it is made. */
  private async make(
    urn: string,
    id: string,
    type: string,
    inputs: Inputs,
  ): Promise<Record<string, unknown>> {
    switch (type) {
      case SUBNET: {
        const vnet = this.cloud.get(id.split("/subnets/")[0] ?? "");
        const { addressPrefix } = inputs as unknown as SubnetInputs;
        const space = (vnet?.inputs as unknown as VnetInputs | undefined)?.addressSpace;
        checkSubnet(nameOf(id), addressPrefix, space?.addressPrefixes ?? []);
        return {};
      }
      case RULES:
        checkRules(inputs);
        return {};
      case ADDRESS:
        checkAddress(inputs);
        return this.alone(() => this.reserve(id, type, inputs, publicAddress(this.cloud, id)));
      case CARD:
        return this.alone(() => this.plugCard(id, inputs));
      case MACHINE: {
        const machine = inputs as unknown as MachineInputs;
        checkMachine(machine);
        this.say(urn, "booting");
        await bootMachine(this.cloud, machine);
        return { vmId: this.cloud.get(id)?.outputs["vmId"] ?? randomUUID() };
      }
      case RUN_COMMAND:
        return {
          instanceView: await runCommand(
            text(inputs, "vmName"),
            inputs as unknown as RunCommandInputs,
          ),
        };
      default:
        return {};
    }
  }

  private plugCard(id: string, inputs: Inputs): Record<string, unknown> {
    const { ipConfigurations } = inputs as unknown as CardInputs;
    const subnet = ipConfigurations[0]?.subnet.id ?? "";
    const address = privateAddress(this.cloud, id, subnet);
    const own = {
      privateAddress: address,
      ipConfigurations: ipConfigurations.map((config) => ({
        ...config,
        privateIPAddress: address,
      })),
    };
    this.cloud.put({ id, type: CARD, inputs, outputs: own });
    return own;
  }

  /** Takes an address before anyone else asks for one. */
  private reserve(
    id: string,
    type: string,
    inputs: Inputs,
    ipAddress: string,
  ): Record<string, unknown> {
    this.cloud.put({ id, type, inputs, outputs: { ipAddress } });
    return { ipAddress };
  }

  private alone<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    // The next one's turn comes whether or not this one fails; its caller hears of the failure.
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}
