/**
 * The mock engine: records what a program registers and answers as the providers would. The one
 * place that knows Pulumi's internals.
 */
import * as pulumi from "@pulumi/pulumi";

/** One registered resource. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  /** Inputs as the program gave them, secrets unwrapped. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

type Answer = (inputs: Readonly<Record<string, unknown>>, name: string) => Record<string, unknown>;

/** What providers add to their resources' inputs, by type. */
const STATES: Readonly<Record<string, Answer>> = {
  "azure-native:resources:ResourceGroup": (inputs) => ({ name: inputs["resourceGroupName"] }),
  "azure-native:network:VirtualNetwork": (inputs) => ({ name: inputs["virtualNetworkName"] }),
  "azure-native:network:PublicIPAddress": (_, name) => ({ ipAddress: `192.0.2.${name.length}` }),
  "azure-native:network:NetworkInterface": () => ({
    ipConfigurations: [{ name: "primary", privateIPAddress: "10.10.1.4" }],
  }),
  "azure-native:compute:VirtualMachine": (inputs) => ({
    name: inputs["vmName"],
    provisioningState: "Succeeded",
  }),
  "azure-native:compute:VirtualMachineRunCommandByVirtualMachine": (inputs) => ({
    name: inputs["runCommandName"],
  }),
  "random:index/randomPassword:RandomPassword": (_, name) => ({ result: `${name}-result` }),
  "command:remote:Command": (_, name) => ({ stdout: printed(name), stderr: "" }),
  "command:local:Command": (_, name) => ({ stdout: `${name}-public-key`, stderr: "" }),
};

function printed(name: string): string {
  const special = Object.entries(PRINTED).find(([ending]) => name.endsWith(ending));
  return special?.[1] ?? `${name}-public-key`;
}

/** What scripts print whose output the program reads, by the end of their resource's name. */
const PRINTED: Readonly<Record<string, string>> = {
  "-k3s": "K10aa::server:secret\nclusters: [{cluster: {server: https://127.0.0.1:6443}}]\n",
  "-invitation": "1800000000\n",
  "-enrolment": "key AAAA\nhost-key ssh-ed25519 AAAAC3Joined\narch amd64\nos Debian\n",
};

/** Invokes by token; an unforeseen one fails the test. */
const CALLS: Readonly<Record<string, Record<string, unknown>>> = {
  "azure-native:compute:getVirtualMachineRunCommandByVirtualMachine": {
    instanceView: { output: "ssh-ed25519 AAAAC3Nz", exitCode: 0 },
  },
};

/** A mock engine for this process; `registered` grows as the program runs. */
export function mockEngine(config: Readonly<Record<string, unknown>>): readonly Registered[] {
  const registered: Registered[] = [];
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(config).map(([name, value]) => [`fogline:${name}`, JSON.stringify(value)]),
    ),
  );
  void pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        const known = unwrap(inputs) as Record<string, unknown>;
        registered.push({ type, name, inputs: known });
        const state = { ...known, ...(STATES[type]?.(known, name) ?? {}) };
        // The engine asks with an empty id where a program adopts nothing.
        return { id: id === undefined || id === "" ? `${name}-id` : id, state };
      },
      call: ({ token }) => {
        const answer = CALLS[token];
        if (answer === undefined) {
          throw new Error(`the mock engine knows no answer to ${token}`);
        }
        return answer;
      },
    },
    "fogline",
    "test",
    false,
  );
  return registered;
}

/** The value of an output, once known. */
export function value<T>(output: pulumi.Output<T>): Promise<pulumi.Unwrap<T>> {
  return new Promise((resolve) => {
    pulumi.output(output).apply((known) => {
      resolve(known);
    });
  });
}

/** Done when every registration that the program began has ended. */
export async function settled(): Promise<void> {
  await pulumi.runtime.disconnect();
}

/** Secrets travel wrapped, under the engine's signature key. */
function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(unwrap);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const fields = value as Record<string, unknown>;
  return "4dabf18193072939515e22adb298388d" in fields && "value" in fields
    ? unwrap(fields["value"])
    : Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, unwrap(inner)]));
}
