/**
 * Writes `azure.json`: Azure's published request models of the types that the program may declare,
 * out of Azure's own client packages at the very API versions that azure-native speaks.
 *
 * Usage: node --import tsx packages/azure-checks/models/generate.ts [--check]
 *
 * With `--check` nothing is written; it fails when the file is not what the packages say.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";

import type { Model, Property, PublishedModels, PublishedType, ValueType } from "../models.ts";

/** One package: where its mappers, parameters, operations and declarations are. */
interface Source {
  readonly name: string;
  readonly folder: string;
  readonly declarations: string;
}

const COMPUTE = source("@azure/arm-compute", "dist/esm");
const NETWORK = source("@azure/arm-network", "dist-esm/src");
const RESOURCES = source("@azure/arm-resources", "dist/esm");

/** Pulumi's types, and the operations of Azure's API that make them. */
const TYPES: readonly (readonly [type: string, from: Source, operations: string])[] = [
  ["azure-native:compute:Disk", COMPUTE, "disks"],
  ["azure-native:compute:VirtualMachine", COMPUTE, "virtualMachines"],
  ["azure-native:compute:VirtualMachineExtension", COMPUTE, "virtualMachineExtensions"],
  ["azure-native:network:NatGateway", NETWORK, "natGateways"],
  ["azure-native:network:NetworkInterface", NETWORK, "networkInterfaces"],
  ["azure-native:network:NetworkSecurityGroup", NETWORK, "networkSecurityGroups"],
  ["azure-native:network:PublicIPAddress", NETWORK, "publicIPAddresses"],
  ["azure-native:network:Route", NETWORK, "routes"],
  ["azure-native:network:RouteTable", NETWORK, "routeTables"],
  ["azure-native:network:SecurityRule", NETWORK, "securityRules"],
  ["azure-native:network:Subnet", NETWORK, "subnets"],
  ["azure-native:network:VirtualNetwork", NETWORK, "virtualNetworks"],
  ["azure-native:resources:ResourceGroup", RESOURCES, "resourceGroups"],
];

/** Lists of values that Azure itself calls out of date: newer sizes are in none of them. */
const OPEN = new Set(["compute.HardwareProfile.vmSize"]);

export const FILE = join(import.meta.dirname, "azure.json");

/** A mapper as the packages hold them (see `Mapper` of `@azure/core-client`). */
interface Mapper {
  readonly serializedName?: string;
  readonly required?: boolean;
  readonly readOnly?: boolean;
  readonly constraints?: Readonly<Record<string, unknown>>;
  readonly type: {
    readonly name: string;
    readonly className?: string;
    readonly modelProperties?: Readonly<Record<string, Mapper>>;
    readonly polymorphicDiscriminator?: unknown;
    readonly allowedValues?: readonly string[];
    readonly element?: Mapper;
    readonly value?: Mapper;
  };
}

interface Parameter {
  readonly mapper: Mapper & { readonly defaultValue?: unknown };
}

function source(name: string, dist: string): Source {
  const folder = join(import.meta.dirname, "../../../node_modules", name, dist);
  return { name, folder, declarations: join(folder, "models/index.d.ts") };
}

/** Reads a package's models, following every reference that a request can hold. */
class Reader {
  readonly models: Record<string, Model> = {};
  private readonly texts: Known;

  private constructor(
    private readonly from: Source,
    private readonly mappers: Readonly<Record<string, Mapper>>,
    private readonly parameters: Readonly<Record<string, Parameter>>,
  ) {
    this.texts = new Known(from.declarations);
  }

  static async of(from: Source): Promise<Reader> {
    const load = (file: string): Promise<unknown> => import(join(from.folder, "models", file));
    return new Reader(
      from,
      (await load("mappers.js")) as Record<string, Mapper>,
      (await load("parameters.js")) as Record<string, Parameter>,
    );
  }

  /** The operation that creates a resource: its address, its API version, its body. */
  type(operations: string): PublishedType {
    const text = readFileSync(join(this.from.folder, `operations/${operations}.js`), "utf8");
    const spec = /const createOrUpdate\w*OperationSpec = \{.*?\n\};/s.exec(text)?.[0] ?? "";
    const path = required(/path: "([^"]+)"/.exec(spec)?.[1], `${operations}: path`).replace(
      // Ids of every type are written alike, whatever an operation's own path says.
      "/resourcegroups/",
      "/resourceGroups/",
    );
    const body = required(/requestBody: Parameters\.(\w+)/.exec(spec)?.[1], `${operations}: body`);
    const version = /queryParameters: \[Parameters\.(apiVersion\w*)/.exec(spec)?.[1];
    const { mapper } = required(this.parameters[body], body);
    const apiVersion = required(this.parameters[version ?? ""], `${operations}: version`).mapper
      .defaultValue;
    const names = [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name = ""]) =>
      name === "subscriptionId" ? [] : [name],
    );
    const limits = names.flatMap((name) => {
      const constraints = this.parameters[name]?.mapper.constraints;
      return constraints === undefined ? [] : [[name, plain(constraints)] as const];
    });
    return {
      path,
      apiVersion: String(apiVersion),
      model: this.follow(required(mapper.type.className, body)),
      names,
      ...(limits.length === 0 ? {} : { limits: Object.fromEntries(limits) }),
    };
  }

  /** Adds a model with everything that it refers to, and tells the name it has here. */
  private follow(className: string): string {
    const name = `${this.from.name.replace("@azure/arm-", "")}.${className}`;
    if (name in this.models) {
      return name;
    }
    const { type } = required(this.mappers[className], className);
    if (type.polymorphicDiscriminator !== undefined) {
      throw new Error(`${name} has several shapes, which is not supported`);
    }
    const properties: Record<string, Property> = {};
    this.models[name] = properties;
    for (const [key, mapper] of Object.entries(type.modelProperties ?? {})) {
      // A dot within a name is escaped; others lead into an object that Pulumi's inputs leave out.
      const at = required(mapper.serializedName, key).split(/(?<!\\)\./);
      const native = (at.at(-1) ?? key).replaceAll("\\.", ".");
      const property = this.property(`${name}.${native}`, className, key, at, mapper);
      const earlier = properties[native];
      if (earlier?.readOnly === undefined && earlier !== undefined && property.readOnly !== true) {
        throw new Error(`${name} holds ${native} twice: ${at.join(".")}`);
      }
      // An extension has a type of its own beside that of every resource, which nobody sets.
      if (earlier === undefined || property.readOnly !== true) {
        properties[native] = property;
      }
    }
    return name;
  }

  private property(
    path: string,
    className: string,
    key: string,
    at: readonly string[],
    mapper: Mapper,
  ): Property {
    if (mapper.readOnly === true) {
      return { at, type: "any", readOnly: true };
    }
    const values = OPEN.has(path) ? undefined : this.texts.valuesOf(className, key);
    return {
      at,
      type: this.value(mapper, values),
      ...(mapper.required === true ? { required: true } : {}),
      ...(mapper.constraints === undefined ? {} : { limits: plain(mapper.constraints) }),
    };
  }

  private value({ type }: Mapper, values?: readonly string[]): ValueType {
    switch (type.name) {
      case "Composite":
        return { model: this.follow(required(type.className, "a model's name")) };
      case "Sequence":
        return { list: this.value(required(type.element, "an element"), values) };
      case "Dictionary":
        return { map: this.value(required(type.value, "a value"), values) };
      case "Enum":
        return { enum: required(type.allowedValues, "allowed values") };
      case "String":
        return values === undefined ? "string" : { enum: values };
      case "Number":
        return "number";
      case "Boolean":
        return "boolean";
      case "DateTime":
      case "Uuid":
      case "Base64Url":
      case "ByteArray":
      case "TimeSpan":
        return "string";
      default:
        return "any";
    }
  }
}

/** The values that the declarations list for a text: `KnownX` beside `type X = string`. */
class Known {
  private readonly enums = new Map<string, readonly string[]>();
  private readonly interfaces = new Map<string, ts.InterfaceDeclaration>();

  constructor(file: string) {
    const parsed = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
    for (const statement of parsed.statements) {
      if (ts.isInterfaceDeclaration(statement)) {
        this.interfaces.set(statement.name.text, statement);
      } else if (ts.isEnumDeclaration(statement)) {
        const values = statement.members.flatMap(({ initializer }) =>
          initializer !== undefined && ts.isStringLiteral(initializer) ? [initializer.text] : [],
        );
        this.enums.set(statement.name.text, values);
      }
    }
  }

  valuesOf(interfaceName: string, property: string): readonly string[] | undefined {
    const declared = this.interfaces.get(interfaceName);
    const member = declared?.members.find(
      (each) =>
        each.name !== undefined && ts.isIdentifier(each.name) && each.name.text === property,
    );
    if (member === undefined || !ts.isPropertySignature(member)) {
      const parents = declared?.heritageClauses?.flatMap((clause) => clause.types) ?? [];
      return parents
        .flatMap(({ expression }) => (ts.isIdentifier(expression) ? [expression.text] : []))
        .map((parent) => this.valuesOf(parent, property))
        .find((values) => values !== undefined);
    }
    let type = member.type;
    if (type !== undefined && ts.isArrayTypeNode(type)) {
      type = type.elementType;
    }
    return type !== undefined && ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName)
      ? this.enums.get(`Known${type.typeName.text}`)
      : undefined;
  }
}

/** Constraints as JSON: patterns are texts. */
function plain(constraints: Readonly<Record<string, unknown>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(constraints).map(([name, limit]) => [
      name,
      limit instanceof RegExp ? limit.source : (limit as number),
    ]),
  );
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new Error(`${what} is not where it is expected in this version of the package`);
  }
  return value;
}

async function published(): Promise<PublishedModels> {
  const readers = new Map<string, Reader>();
  const types: Record<string, PublishedType> = {};
  for (const [type, from, operations] of TYPES) {
    const reader = readers.get(from.name) ?? (await Reader.of(from));
    readers.set(from.name, reader);
    types[type] = reader.type(operations);
  }
  const { devDependencies } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../package.json"), "utf8"),
  ) as { devDependencies: Readonly<Record<string, string>> };
  const models = Object.assign({}, ...[...readers.values()].map((reader) => reader.models)) as {
    readonly [name: string]: Model;
  };
  return {
    sources: Object.fromEntries(
      [...readers.keys()].map((name) => [name, required(devDependencies[name], name)]),
    ),
    types,
    models,
  };
}

/** One property a line, so that a newer API shows as a readable difference. */
function write({ sources, types, models }: PublishedModels): string {
  const lines = (entries: object, indent: string): string =>
    Object.entries(entries)
      .map(([key, value]) => `${indent}${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(",\n");
  const blocks = Object.entries(models)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, model]) => `    ${JSON.stringify(name)}: {\n${lines(model, "      ")}\n    }`);
  return [
    "{",
    `  "sources": {\n${lines(sources, "    ")}\n  },`,
    `  "types": {\n${lines(types, "    ")}\n  },`,
    `  "models": {\n${blocks.join(",\n")}\n  }`,
    "}",
    "",
  ].join("\n");
}

/** What `azure.json` holds when it is what the packages say. */
export async function generated(): Promise<string> {
  return write(await published());
}

if (process.argv[1] === import.meta.filename) {
  const text = await generated();
  if (!process.argv.includes("--check")) {
    writeFileSync(FILE, text);
  } else if (readFileSync(FILE, "utf8") !== text) {
    process.stderr.write(
      `${FILE} is not what the packages say; run: node --import tsx packages/azure-checks/models/generate.ts\n`,
    );
    process.exitCode = 1;
  }
}
