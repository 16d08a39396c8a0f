/** The provider: what the engine asks of every kind of resource. */
import { differences, topOf } from "@fogline/pulumi-kit/difference";
import type { PlannedChange, Provider } from "@fogline/pulumi-kit/serve";
import {
  hasUnknown,
  holdsSecret,
  secret,
  typeOf,
  unwrap,
  type Problem,
  type Properties,
} from "@fogline/pulumi-kit/values";
import { z } from "zod";

import { NetmakerClient, NetmakerError, type ClientOptions } from "../api/index.ts";
import type { AnyKind, Found } from "./kind.ts";
import { KINDS } from "./kinds/index.ts";
import { knownProblems } from "./problems.ts";
import { clientOptions, settingsProblems } from "./settings.ts";

export class NetmakerProvider implements Provider {
  readonly version = "0.1.0";
  /** Names are unique on the server: the old one goes first. */
  readonly deleteBeforeReplace = true;
  readonly preview = {
    create: (_: string, inputs: Properties): Properties => inputs,
    update: (urn: string, olds: Properties, inputs: Properties): Properties => {
      const { inputs: schema, changing = [] } = kindOf(urn);
      const kept = Object.entries(olds).filter(
        ([key]) => !(key in schema.shape) && !changing.includes(key),
      );
      return { ...Object.fromEntries(kept), ...inputs };
    },
  };
  #client: NetmakerClient | undefined;

  /** @param change what is otherwise with the clients it makes, for tests */
  constructor(private readonly change: Partial<ClientOptions> = {}) {}

  checkConfig(settings: Properties): Problem[] {
    return settingsProblems(settings);
  }

  configure(settings: Properties): void {
    const options = clientOptions(settings);
    this.#client = options && new NetmakerClient({ ...options, ...this.change });
  }

  complete(urn: string, inputs: Properties): Properties {
    const shape: Readonly<Record<string, z.core.$ZodType>> = kindOf(urn).inputs.shape;
    const left = Object.entries(shape).filter(([key]) => inputs[key] === undefined);
    const defaults = left.flatMap(([key, field]) => {
      const parsed = z.safeParse(field, undefined);
      return parsed.success && parsed.data !== undefined ? [[key, parsed.data] as const] : [];
    });
    return { ...inputs, ...Object.fromEntries(defaults) };
  }

  check(urn: string, inputs: Properties): Problem[] {
    const kind = kindOf(urn);
    const problems = knownProblems(kind.inputs, inputs);
    const wrong = new Set(problems.map(({ property }) => topOf(property)));
    const judged = (key: string): boolean => !wrong.has(key) && !hasUnknown(inputs[key]);
    const known = Object.entries(inputs).filter(([key]) => judged(key));
    const refusals = kind.refusals?.(unwrap(Object.fromEntries(known)) as Properties) ?? [];
    return [
      ...problems,
      ...refusals
        .filter(({ field }) => judged(field))
        .map(({ field, rule, fix }) => ({ property: field, reason: `${rule}; ${fix}` })),
    ];
  }

  diff(urn: string, oldInputs: Properties, inputs: Properties): PlannedChange[] {
    const kind = kindOf(urn);
    return differences(oldInputs, inputs).map((change) => {
      const top = topOf(change.path);
      const replaces =
        kind.update === undefined ||
        kind.replaces.includes(top) ||
        (change.kind !== "update" && kind.stays?.includes(top) === true);
      return { ...change, replaces };
    });
  }

  async create(urn: string, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    const kind = kindOf(urn);
    const given = parse(kind, inputs);
    const made = await named(kind, async () => {
      const there = await kind.find(this.client, given);
      if (there !== undefined) {
        refuseOther(urn, there, given);
      }
      return there ?? (await kind.create(this.client, given));
    });
    return { id: made.id, outputs: state(kind, inputs, made) };
  }

  async read(
    urn: string,
    id: string,
    known: { readonly inputs: Properties },
  ): Promise<{ id: string; inputs: Properties; outputs: Properties } | undefined> {
    const kind = kindOf(urn);
    const remembered = Object.keys(known.inputs).length > 0;
    const given = remembered ? (unwrap(known.inputs) as Properties) : undefined;
    const found = await named(kind, () => kind.read(this.client, id, given));
    if (found === undefined) {
      return undefined;
    }
    const secrets = Object.keys(known.inputs).filter((key) => holdsSecret(known.inputs[key]));
    const inputs = withSecrets(found.inputs, [...(kind.secrets ?? []), ...secrets]);
    return { id: found.id, inputs, outputs: state(kind, inputs, found) };
  }

  async update(urn: string, _: Properties, inputs: Properties, id: string): Promise<Properties> {
    const kind = kindOf(urn);
    const { update } = kind;
    if (update === undefined) {
      throw new Error(`${typeOf(urn)} cannot be changed, only made anew`);
    }
    const changed = await named(kind, () => update(this.client, id, parse(kind, inputs)));
    return state(kind, inputs, changed);
  }

  async delete(urn: string, _: Properties, id: string): Promise<void> {
    const kind = kindOf(urn);
    await named(kind, () => kind.delete(this.client, id));
  }

  invoke(token: string): Promise<{ outputs: Properties; problems: readonly Problem[] }> {
    return Promise.reject(new Error(`the provider has no function ${token}`));
  }

  cancel(): Promise<void> {
    // Every call is bounded: what is under way ends by itself, and is known to the engine then.
    return Promise.resolve();
  }

  private get client(): NetmakerClient {
    if (this.#client === undefined) {
      throw new Error("the provider's settings are not known yet: which server, and who asks it");
    }
    return this.#client;
  }
}

function kindOf(urn: string): AnyKind {
  const type = typeOf(urn);
  const kind = KINDS[type.replace(/^netmaker:index:/, "")];
  if (kind === undefined) {
    throw new Error(`${type} is no resource of this provider`);
  }
  return kind;
}

function parse(kind: AnyKind, inputs: Properties): Properties {
  return kind.inputs.parse(unwrap(inputs));
}

/** Inputs as they came, secrets in their envelopes, and what the server added. */
function state(kind: AnyKind, inputs: Properties, { outputs }: Found): Properties {
  return withSecrets({ ...inputs, ...outputs }, kind.secrets ?? []);
}

/** Properties that have a value; those of some names are kept encrypted. */
function withSecrets(properties: Properties, secrets: readonly string[]): Properties {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [
        key,
        secrets.includes(key) && !holdsSecret(value) ? secret(value) : value,
      ]),
  );
}

/** What a call says is wrong, by the name that the field has among the resource's inputs. */
async function named<T>(kind: AnyKind, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const field = error instanceof NetmakerError && error.field;
    const name = typeof field === "string" ? kind.names?.[field] : undefined;
    throw name === undefined ? error : (error as NetmakerError).withField(name);
  }
}

/** @throws Error when an existing object of the same name has other inputs */
function refuseOther(urn: string, there: Found, given: Properties): void {
  const other = differences(there.inputs, given).map(({ path }) => path);
  if (other.length > 0) {
    throw new Error(
      `it exists already and is otherwise (${other.join(", ")}): to take it over, ` +
        `pulumi import ${typeOf(urn)} <name> ${there.id}`,
    );
  }
}
