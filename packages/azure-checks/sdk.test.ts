import { readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";
import { describe, expect, it } from "vitest";

import { modelOf, PUBLISHED, type ValueType } from "./models.ts";

const SDK = join(import.meta.dirname, "../../node_modules/@pulumi/azure-native");

/** An input of a nested type, and the model that Azure publishes for it. */
interface Nested {
  readonly sdkType: string;
  readonly model: string;
}

const MODULES = ["compute", "network", "resources"];

/** Every nested type of azure-native's SDK, by `module.Type`. */
const NESTED_FILE = read(join(SDK, "types/input.d.ts"));
const NESTED = new Map<string, ts.InterfaceDeclaration>(
  NESTED_FILE.statements.flatMap((module) =>
    ts.isModuleDeclaration(module) &&
    MODULES.includes(module.name.text) &&
    module.body !== undefined &&
    ts.isModuleBlock(module.body)
      ? module.body.statements
          .filter(ts.isInterfaceDeclaration)
          .map((each) => [`${module.name.text}.${each.name.text}`, each] as const)
      : [],
  ),
);

describe("azure-native's inputs", () => {
  it.each(Object.entries(PUBLISHED.types))(
    "of %s are Azure's properties without the objects around them, to the last level",
    (type, { model, names }) => {
      const inputs = argumentsOf(type).filter(({ name }) => !names.includes(name));
      expect(inputs.length).toBeGreaterThan(2);
      // A later version of the API has it; the SDK's nested types are of several versions.
      expect(strangers(inputs, model).filter((path) => !path.endsWith("serviceGateway"))).toEqual(
        [],
      );
    },
  );

  it.each(Object.entries(PUBLISHED.types))("of %s speak its API version", (type, published) => {
    const spoken = /Uses Azure REST API version ([\d-]+)/.exec(sdkFile(type).text)?.[1];
    // Groups are published at a later version alone, whose request is the same.
    const known = type.endsWith(":ResourceGroup") ? "2024-03-01" : published.apiVersion;
    expect(spoken).toBe(known);
  });
});

interface Input {
  readonly name: string;
  /** The SDK's type of the value, or of its elements. */
  readonly sdkType: string | undefined;
}

/** Inputs that no published property holds, by path. */
function strangers(inputs: readonly Input[], model: string): string[] {
  const seen = new Set<string>();
  const visit = (all: readonly Input[], name: string, path: string): string[] =>
    all.flatMap((input) => {
      const here = path === "" ? input.name : `${path}.${input.name}`;
      const property = modelOf(name)[input.name];
      if (property === undefined) {
        return [here];
      }
      const inner = nested(input, property.type);
      const key = `${inner?.sdkType ?? ""} ${inner?.model ?? ""}`;
      if (inner === undefined || seen.has(key)) {
        return [];
      }
      seen.add(key);
      const declared = NESTED.get(inner.sdkType);
      return declared === undefined
        ? []
        : visit(inputsOf(declared, NESTED_FILE), inner.model, here);
    });
  return visit(inputs, model, "");
}

function nested({ sdkType }: Input, type: ValueType): Nested | undefined {
  const model = modelIn(type);
  return sdkType === undefined || model === undefined ? undefined : { sdkType, model };
}

function modelIn(type: ValueType): string | undefined {
  if (typeof type === "string" || "enum" in type) {
    return undefined;
  }
  return "model" in type ? type.model : modelIn("list" in type ? type.list : type.map);
}

/** The inputs that the SDK takes for a resource. */
function argumentsOf(type: string): Input[] {
  const name = `${type.split(":").at(-1) ?? ""}Args`;
  const file = sdkFile(type);
  const found = file.statements
    .filter(ts.isInterfaceDeclaration)
    .find((each) => each.name.text === name);
  return found === undefined ? [] : inputsOf(found, file);
}

function inputsOf(declared: ts.InterfaceDeclaration, file: ts.SourceFile): Input[] {
  return declared.members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(file),
    sdkType: /inputs\.(\w+\.\w+)/.exec(member.type?.getText(file) ?? "")?.[1],
  }));
}

function sdkFile(type: string): ts.SourceFile {
  const [, module = "", name = ""] = type.split(":");
  return read(join(SDK, module, `${name.charAt(0).toLowerCase()}${name.slice(1)}.d.ts`));
}

function read(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
}
