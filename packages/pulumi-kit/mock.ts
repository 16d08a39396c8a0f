/**
 * The mock engine: records what a program registers and answers as the providers would. The one
 * place that knows Pulumi's internals.
 */
import * as pulumi from "@pulumi/pulumi";

import { optionsOf, type Options, type Request } from "./registration.ts";
import { SIGNATURE } from "./signatures.ts";

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

/** Outputs that a resource's provider would add to its inputs. */
export type Answer = (
  inputs: Readonly<Record<string, unknown>>,
  name: string,
) => Readonly<Record<string, unknown>>;

/** What a function of a provider returns. */
export type Call = (args: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

export interface MockOptions {
  /** Name of the project; default `project`. */
  readonly project?: string;
  /** Name of the stack; default `test`. */
  readonly stack?: string;
  /** Configuration by full key, e.g. `project:name`; structured values are JSON. Default none. */
  readonly config?: Readonly<Record<string, string>>;
  /** Keys of the configuration that the engine says to hold secrets. Default none. */
  readonly secretKeys?: readonly string[];
  /** What stands for a secret value in `sealed`; default `[secret]`. */
  readonly seal?: (plain: unknown) => string;
  /** What providers add, by type of resource; default nothing. */
  readonly answers?: Readonly<Record<string, Answer>>;
  /** Functions of providers by token; any other one fails the program. Default none. */
  readonly calls?: Readonly<Record<string, Call>>;
}

/** A mock engine for this process; what it returns grows as the program runs. */
export function mockEngine({
  project = "project",
  stack = "test",
  config = {},
  secretKeys = [],
  seal = () => "[secret]",
  answers = {},
  calls = {},
}: MockOptions = {}): readonly Registered[] {
  const registered: Registered[] = [];
  const asked: Asked = {};
  pulumi.runtime.setAllConfig({ ...config }, [...secretKeys]);
  void pulumi.runtime.setMocks(
    {
      newResource: (args) => make(args, answers[args.type], asked.now),
      call: ({ token, inputs }) => call(token, inputs as Record<string, unknown>, calls),
    },
    project,
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
    const now = { options: optionsOf(request, project, stack), answers: [] };
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
  { name, inputs, id }: pulumi.runtime.MockResourceArgs,
  answerOf: Answer | undefined,
  asked: Asked["now"],
): pulumi.runtime.MockResourceResult {
  const known = unwrap(inputs) as Record<string, unknown>;
  const answer = answerOf?.(known, name) ?? {};
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
  token: string,
  args: Readonly<Record<string, unknown>>,
  calls: NonNullable<MockOptions["calls"]>,
): Record<string, unknown> {
  const answer = calls[token];
  if (answer === undefined) {
    throw new Error(`the mock engine knows no answer to ${token}`);
  }
  return { ...answer(args) };
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
