/**
 * Stand-in for the `azure-native` provider: the lab's cloud. The same types, fields and ids; a
 * virtual machine is a machine that boots here, and what Azure would refuse is refused.
 *
 * Deviations: a machine has this computer's processor architecture whatever its image says, and its
 * system is the lab's Debian; rules do not filter between machines of one subnet; creating what
 * exists updates it, as Azure's own PUT does. A preview never gets here: the engine asks a provider
 * that does not announce previews for nothing but checks and differences.
 */
import type {
  CheckResult,
  CreateResult,
  DiffResult,
  InvokeResult,
  Provider,
  ReadResult,
  UpdateResult,
} from "@pulumi/pulumi/provider/index.js";

import type { Say } from "../shared/engine.ts";
import { typeOf, unwrap, type Properties } from "../shared/values.ts";
import type { Cloud, Stored } from "./cloud.ts";
import { checkInputs, diffInputs, differs } from "./contract.ts";
import type { Hypervisor } from "./machines.ts";
import { AzureError, inUse } from "./refusals.ts";
import { settle } from "./settle.ts";
import type { MachineInputs, RunCommandInputs } from "./shapes.ts";
import {
  CARD,
  GROUP,
  MACHINE,
  nameOf,
  RUN_COMMAND,
  SUBNET,
  typeContract,
  type Inputs,
} from "./types.ts";

const INVOKES: Readonly<Record<string, string>> = {
  "azure-native:compute:getVirtualMachine": MACHINE,
  "azure-native:compute:getVirtualMachineRunCommandByVirtualMachine": RUN_COMMAND,
};

/** The network under the machines; a test puts another in its place. */
export interface Network {
  apply(cloud: Cloud): Promise<void>;
  removeBridge(subnetId: string): Promise<void>;
}

/** Serves Azure's types from the lab's cloud. */
export class AzureProvider implements Provider {
  readonly version = "3.28.0";
  /** Changes of the cloud happen one after another; machines boot side by side. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly cloud: Cloud,
    private readonly hypervisor: Hypervisor,
    private readonly network: Network,
    private readonly say: Say,
  ) {}

  check(urn: string, _olds: Properties, news: Properties): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: checkInputs(typeOf(urn), news) });
  }

  diff(_id: string, urn: string, olds: Properties, news: Properties): Promise<DiffResult> {
    return Promise.resolve(diffInputs(typeOf(urn), olds, news));
  }

  async create(urn: string, properties: Properties): Promise<CreateResult> {
    const inputs = unwrap(properties) as Inputs;
    const id = typeContract(typeOf(urn)).path(inputs);
    return { id, outs: await this.put(urn, id, inputs) };
  }

  async update(
    id: string,
    urn: string,
    _olds: Properties,
    news: Properties,
  ): Promise<UpdateResult> {
    return { outs: await this.put(urn, id, unwrap(news) as Inputs) };
  }

  read(id: string): Promise<ReadResult> {
    const stored = this.cloud.get(id);
    // No id says that the resource is gone.
    return Promise.resolve(
      stored === undefined
        ? { id: "", props: {} }
        : { id, props: shown(stored), inputs: stored.inputs },
    );
  }

  async delete(id: string, urn: string): Promise<void> {
    const type = typeOf(urn);
    if (this.cloud.get(id) === undefined) {
      return;
    }
    const users = this.cloud.usersOf(id);
    // A machine whose making was cut off never came to be: it goes with its card.
    const halfMade = users.filter((user) => type === CARD && unfinished(user));
    const user = users.find((other) => !halfMade.includes(other));
    if (user !== undefined) {
      throw inUse(type, id, user.id);
    }
    const self = { id, type };
    const going = [...this.cloud.under(id), ...halfMade, self];
    const machines = going.filter((one) => one.type === MACHINE);
    await Promise.all(machines.map((machine) => this.hypervisor.erase(nameOf(machine.id))));
    await this.alone(async () => {
      for (const one of going) {
        this.cloud.remove(one.id);
      }
      for (const subnet of going.filter((one) => one.type === SUBNET)) {
        await this.network.removeBridge(subnet.id);
      }
      if (going.some((one) => onNetwork(one.type))) {
        await this.network.apply(this.cloud);
      }
    });
  }

  async invoke(token: string, args: Properties): Promise<InvokeResult> {
    const inputs = unwrap(args) as Inputs;
    const type = INVOKES[token];
    if (type === undefined) {
      throw new Error(`the lab's stand-in for Azure does not support ${token}`);
    }
    const id = typeContract(type).path(inputs);
    const stored = this.cloud.get(id);
    if (stored === undefined) {
      throw new AzureError("ResourceNotFound", `The Resource '${id}' was not found.`);
    }
    const { instanceView, ...outputs } = stored.outputs;
    return Promise.resolve({
      outputs: inputs["expand"] === "instanceView" ? { ...outputs, instanceView } : outputs,
    });
  }

  private async put(urn: string, id: string, inputs: Inputs): Promise<Record<string, unknown>> {
    const type = typeOf(urn);
    const { official, apiVersion } = typeContract(type);
    const known = this.cloud.get(id);
    const settled = await this.alone(async () => {
      const stored: Stored = {
        id,
        type,
        inputs,
        outputs: {
          ...inputs,
          id,
          name: nameOf(id),
          type: official,
          azureApiVersion: apiVersion,
          ...settle(this.cloud, id, type, inputs),
          // A group says so below its properties, whatever it holds.
          ...(type === GROUP ? { properties: { provisioningState: "Succeeded" } } : {}),
          provisioningState: slow(type) ? "Creating" : "Succeeded",
        },
      };
      this.cloud.put(stored);
      if (onNetwork(type)) {
        await this.network.apply(this.cloud);
      }
      return stored;
    });
    const made = slow(type) ? await this.make(urn, settled, known) : settled;
    return shown(made);
  }

  /** What takes its time: a machine's boot, a command on it. */
  private async make(urn: string, settled: Stored, known?: Stored): Promise<Stored> {
    const own =
      settled.type === MACHINE
        ? await this.makeMachine(urn, settled, known)
        : { instanceView: await this.runCommand(settled) };
    const outputs = { ...settled.outputs, ...own, provisioningState: "Succeeded" };
    const made = { ...settled, outputs };
    await this.alone(() => {
      this.cloud.put(made);
    });
    return made;
  }

  private async makeMachine(urn: string, { id, inputs }: Stored, known?: Stored): Promise<object> {
    const name = nameOf(id);
    const fixed = typeContract(MACHINE).replaces;
    if (known !== undefined && fixed.some((path) => differs(path, known.inputs, inputs))) {
      // Only of a machine that nobody got to see; `settle` refuses it of others.
      await this.hypervisor.erase(name);
    } else if (known !== undefined && differs("hardwareProfile", known.inputs, inputs)) {
      this.say(urn, "restarting with the new size");
      await this.hypervisor.halt(name);
    }
    this.say(urn, "booting");
    await this.hypervisor.boot(this.cloud, inputs as unknown as MachineInputs);
    return {};
  }

  private async runCommand({ inputs }: Stored): Promise<unknown> {
    const command = inputs as unknown as RunCommandInputs;
    const view = await this.hypervisor.run(command.vmName, command);
    if (view.exitCode !== 0 && command.treatFailureAsDeploymentFailure === true) {
      throw new AzureError(
        "VMExtensionProvisioningError",
        `The run command on ${command.vmName} ended ${view.executionState} with exit code ${view.exitCode}: ${view.error.trim() || view.output.trim()}`,
      );
    }
    return view;
  }

  private alone<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    // The next one's turn comes whether or not this one fails; its caller hears of the failure.
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}

/** A resource as the engine keeps it: what came of a command is asked for with `expand`. */
function shown({ inputs, outputs }: Stored): Record<string, unknown> {
  const rest = Object.entries(outputs).filter(([key]) => key !== "instanceView");
  return { ...Object.fromEntries(rest), __inputs: inputs };
}

function onNetwork(type: string): boolean {
  return type.startsWith("azure-native:network:");
}

function slow(type: string): boolean {
  return type === MACHINE || type === RUN_COMMAND;
}

function unfinished({ type, outputs }: Stored): boolean {
  return type === MACHINE && outputs["provisioningState"] === "Creating";
}
