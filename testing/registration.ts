/** What a program asks the engine to register, read from the SDK's request. */
/** What a program says of a resource besides its inputs. */
export interface Options {
  /** URN of the component it belongs to. */
  readonly parent?: string;
  /** Whether a provider makes it; components are not made by anyone. */
  readonly custom: boolean;
  /** The provider given to it, `urn::id`; absent for the default one. */
  readonly provider?: string;
  /** Resources that stand before it. */
  readonly dependencies: readonly string[];
  /** The same, by the input that needs them. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** The resource that takes it along when it goes. */
  readonly deletedWith?: string;
  /** Resources whose replacement replaces it, too; absent where there are none. */
  readonly replaceWith?: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  /** Input paths whose change asks for a new resource, by the SDK's or the program's word. */
  readonly replaceOnChanges: readonly string[];
  /** URNs it had before. */
  readonly aliases: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  /** Names of the hooks that run before it is made or changed; absent for none. */
  readonly hooks?: readonly string[];
}

interface Alias {
  getUrn(): string;
  getSpec(): AliasSpec | undefined;
}

interface AliasSpec {
  getName(): string;
  getType(): string;
  getParenturn(): string;
  getNoparent(): boolean;
}

/** The part of the SDK's `RegisterResourceRequest` that is read; the SDK declares it internal. */
export interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getProvider(): string;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): {
    forEach(each: (value: { getUrnsList(): string[] }, key: string) => void): void;
  };
  getProtect(): boolean | undefined;
  getRetainondelete(): boolean | undefined;
  getDeletedwith(): string;
  getReplaceWithList(): string[];
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getAliasurnsList(): string[];
  getAliasesList(): Alias[];
  getAdditionalsecretoutputsList(): string[];
  getHooks(): { getBeforeCreateList(): string[]; getBeforeUpdateList(): string[] } | undefined;
}

/** The options of a request. */
export function optionsOf(request: Request, stack: string): Options {
  const propertyDependencies: Record<string, readonly string[]> = {};
  request.getPropertydependenciesMap().forEach((value, key) => {
    propertyDependencies[key] = value.getUrnsList();
  });
  return {
    ...given("parent", request.getParent()),
    custom: request.getCustom(),
    ...given("provider", request.getProvider()),
    dependencies: request.getDependenciesList(),
    propertyDependencies,
    protect: request.getProtect() ?? false,
    retainOnDelete: request.getRetainondelete() ?? false,
    ...given("deletedWith", request.getDeletedwith()),
    ...(request.getReplaceWithList().length === 0
      ? {}
      : { replaceWith: request.getReplaceWithList() }),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    aliases: [
      ...request.getAliasurnsList(),
      ...request.getAliasesList().map((alias) => aliasUrn(alias, request, stack)),
    ],
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    ...hooksOf(request),
  };
}

function hooksOf(request: Request): Pick<Options, "hooks"> {
  const hooks = request.getHooks();
  const names = [...(hooks?.getBeforeCreateList() ?? []), ...(hooks?.getBeforeUpdateList() ?? [])];
  return names.length === 0 ? {} : { hooks: names };
}

function aliasUrn(alias: Alias, request: Request, stack: string): string {
  const spec = alias.getSpec();
  if (spec === undefined) {
    return alias.getUrn();
  }
  const parent = spec.getNoparent() ? "" : spec.getParenturn() || request.getParent();
  const type = spec.getType() || request.getType();
  const path = parent === "" ? type : `${parent.split("::")[2] ?? ""}$${type}`;
  return `urn:pulumi:${stack}::fogline::${path}::${spec.getName() || request.getName()}`;
}

function given<Key extends string>(key: Key, value: string): Partial<Record<Key, string>> {
  return value === "" ? {} : ({ [key]: value } as Record<Key, string>);
}
