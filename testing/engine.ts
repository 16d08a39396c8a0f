/**
 * The mock engine: records what a program registers and answers as the providers would. The one
 * place that knows Pulumi's internals.
 */
import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import { printedBy } from "../components/remote/render.ts";
import { DRAFT } from "../config/load.ts";
import { READ_STATE } from "../stacks/record.ts";
import { optionsOf, type Options, type Request } from "./registration.ts";

/** One registered resource. */
export interface Registered extends Options {
  readonly urn: string;
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** Inputs as the program gave them, secrets unwrapped. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The same with every secret value sealed. */
  readonly sealed: Readonly<Record<string, unknown>>;
  /** Texts that only its provider's answer holds: what others may know it by. */
  readonly answers: readonly string[];
}

export interface MockOptions {
  /** Name of the stack; default `test`. */
  readonly stack?: string;
  /** What stands for a secret value in `sealed`; default `[secret]`. */
  readonly seal?: (plain: unknown) => string;
  /** Whether settings may hold values that only stand for others; default true, as nothing is made. */
  readonly draft?: boolean;
  /** Outputs of the stack's resources at the last update, by URN; default none, as of a new stack. */
  readonly state?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

type Answer = (inputs: Readonly<Record<string, unknown>>, name: string) => Record<string, unknown>;

/** What providers add to their resources' inputs, by type. */
const STATES: Readonly<Record<string, Answer>> = {
  "azure-native:resources:ResourceGroup": (inputs) => ({ name: inputs["resourceGroupName"] }),
  "azure-native:network:VirtualNetwork": (inputs) => ({ name: inputs["virtualNetworkName"] }),
  "azure-native:network:RouteTable": (inputs) => ({ name: inputs["routeTableName"] }),
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
  "netmaker:index:EnrollmentKey": (_, name) => ({ token: `${name}-token` }),
  "netmaker:index:Host": (_, name) => ({ nodeId: `${name}-node`, hostId: `${name}-host` }),
  "netmaker:index:Egress": (_, name) => ({ egressId: `${name}-egress` }),
  "netmaker:index:AclRule": (_, name) => ({ ruleId: `${name}-id` }),
  "netmaker:index:ExternalClient": (_, name) => ({
    address: `10.101.255.${name.length}`,
    config: `[Interface]
Address = 10.101.255.${name.length}/32
PrivateKey = [ENTER PRIVATE KEY]
MTU = 1420
DNS = 10.101.0.1

[Peer]
PublicKey = ${"H".repeat(43)}=
AllowedIPs = 10.101.0.0/16,10.10.0.0/16
Endpoint = 203.0.113.10:51820
PersistentKeepalive = 20
`,
  }),
  "random:index/randomPassword:RandomPassword": (_, name) => ({ result: `${name}-result` }),
  "command:remote:Command": (_, name) => ({ stdout: printedBy(printed(name)), stderr: "" }),
  "command:local:Command": (_, name) => ({ stdout: printedBy(publicKey(name)), stderr: "" }),
};

function printed(name: string): string {
  const special = Object.entries(PRINTED).find(([ending]) => name.endsWith(ending));
  return special?.[1] ?? publicKey(name);
}

/** A WireGuard key that follows from a name. */
function publicKey(name: string): string {
  return createHash("sha256").update(name).digest("base64");
}

/** What scripts print whose output the program reads, by the end of their resource's name. */
const PRINTED: Readonly<Record<string, string>> = {
  "-prepare": "",
  "-netmaker": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
  "-k3s":
    "K10aa::node:secret\nclusters: [{cluster: {server: https://127.0.0.1:6443}}]\nusers: [{user: {}}]\n",
  "-node": "reader-token",
  "-invitation": "1800000000\n",
  "-enrolment": `key ${"A".repeat(43)}=\nhost-key ssh-ed25519 AAAAC3Joined\narch amd64\nos Debian\n`,
};

/** Invokes by token; an unforeseen one fails the test. */
const CALLS: Readonly<Record<string, Record<string, unknown>>> = {
  "azure-native:compute:getVirtualMachineRunCommandByVirtualMachine": {
    instanceView: { output: "ssh-ed25519 AAAAC3Nz", exitCode: 0 },
  },
};

/** A mock engine for this process; `registered` grows as the program runs. */
export function mockEngine(
  config: Readonly<Record<string, unknown>>,
  { stack = "test", seal = () => "[secret]", draft = true, state = {} }: MockOptions = {},
): readonly Registered[] {
  // Nothing is dialled here, so it does not matter whether this computer's SSH agent answers.
  delete process.env["SSH_AUTH_SOCK"];
  const registered: Registered[] = [];
  const asked: Asked = {};
  pulumi.runtime.setAllConfig({
    ...Object.fromEntries(
      Object.entries(config).map(([name, value]) => [`fogline:${name}`, JSON.stringify(value)]),
    ),
    [DRAFT]: String(draft),
  });
  const newResource = (args: pulumi.runtime.MockResourceArgs): pulumi.runtime.MockResourceResult =>
    make(args, asked.now);
  void pulumi.runtime.setMocks(
    { newResource, call: (args) => call(args, state) },
    "fogline",
    stack,
    false,
    "organization",
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  // Hooks run where steps do: here none does. The SDK's mocks know of none.
  monitor.registerResourceHook = (_, done) => {
    done(null);
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) => {
    const now = { options: optionsOf(request, stack), answers: [] };
    const inputs = pulumi.runtime.deserializeProperties(request.getObject()) as unknown;
    asked.now = now;
    const answered = register(request, (error, response) => {
      if (response !== undefined) {
        registered.push({
          ...now.options,
          urn: response.getUrn(),
          id: response.getId(),
          type: request.getType(),
          name: request.getName(),
          inputs: unwrap(inputs) as Record<string, unknown>,
          sealed: sealSecrets(inputs, seal) as Record<string, unknown>,
          answers: now.answers,
        });
      }
      done(error, response);
    });
    delete asked.now;
    return answered;
  };
  return registered;
}

/**
 * What is being registered, for the time of one synchronous call: the mocks are told less than the
 * request says.
 */
interface Asked {
  now?: { readonly options: Options; readonly answers: string[] };
}

function make(
  { type, name, inputs, id }: pulumi.runtime.MockResourceArgs,
  asked: Asked["now"],
): pulumi.runtime.MockResourceResult {
  const known = unwrap(inputs) as Record<string, unknown>;
  const answer = STATES[type]?.(known, name) ?? {};
  const state: Record<string, unknown> = { ...known, ...answer };
  // The engine asks with an empty id where a program adopts nothing.
  const ownId = id === undefined || id === "" ? `${name}-id` : id;
  asked?.answers.push(ownId, ...texts(answer));
  for (const secret of asked?.options.additionalSecretOutputs ?? []) {
    state[secret] = pulumi.secret(state[secret]);
  }
  return { id: ownId, state };
}

function call(
  { token }: pulumi.runtime.MockCallArgs,
  state: NonNullable<MockOptions["state"]>,
): Record<string, unknown> {
  const outputs = Object.entries(state).map(([urn, held]) => [urn, { outputs: held }] as const);
  const answer = token === READ_STATE ? { outputs: Object.fromEntries(outputs) } : CALLS[token];
  if (answer === undefined) {
    throw new Error(`the mock engine knows no answer to ${token}`);
  }
  return answer;
}

type Struct = Parameters<typeof pulumi.runtime.deserializeProperties>[0];

/** The mock monitor, which the SDK declares internal. */
interface Monitor {
  registerResource(
    request: Request & { getObject(): Struct },
    done: (error: unknown, response?: { getUrn(): string; getId(): string }) => void,
  ): Promise<void>;
  registerResourceHook(request: unknown, done: (error: null) => void): void;
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
const SIGNATURE = "4dabf18193072939515e22adb298388d";

function unwrap(value: unknown): unknown {
  return mapSecrets(value, unwrap);
}

/** Each value inside a secret is sealed by itself, so that a change still shows its path. */
function sealSecrets(value: unknown, seal: (plain: unknown) => string): unknown {
  return mapSecrets(value, (secret) => sealLeaves(unwrap(secret), seal));
}

function sealLeaves(value: unknown, seal: (plain: unknown) => string): unknown {
  if (Array.isArray(value)) {
    return value.map((inner) => sealLeaves(inner, seal));
  }
  return typeof value === "object" && value !== null
    ? mapValues(value, (inner) => sealLeaves(inner, seal))
    : seal(value);
}

function mapSecrets(value: unknown, reveal: (secret: unknown) => unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((inner) => mapSecrets(inner, reveal));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return SIGNATURE in value && "value" in value
    ? reveal(value.value)
    : mapValues(value, (inner) => mapSecrets(inner, reveal));
}

/** Every text inside a value that is long enough to be told from others. */
function texts(value: unknown): string[] {
  if (typeof value === "string") {
    return value.length > 3 ? [value] : [];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

function mapValues(value: object, map: (inner: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner)]));
}
