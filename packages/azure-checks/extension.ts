/**
 * Rules of a machine's extensions, and of the settings of CustomScript, which runs a command on a Linux
 * machine. Sources: Microsoft Learn, "Use the Azure Custom Script Extension Version 2 with Linux virtual
 * machines" (2025-08-18), and for the wording the extension itself (release 2.1.19) and answers that
 * Azure is known to have given.
 */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

import { required, type Refusal } from "./refusal.ts";
import { at, isObject, missing, textAt } from "./values.ts";
import { EXTENSION, ownName, parentOf, type Resource, type World } from "./world.ts";

/** The extension that runs a command, as its publisher and type name it together. */
export const CUSTOM_SCRIPT = "Microsoft.Azure.Extensions.CustomScript";
/** Its versions that are published; patches are the platform's choice. */
const VERSIONS = ["2.0", "2.1"];
/** Longest script, characters of Base64. */
const LONGEST_SCRIPT = 256 * 1024;
/** Its settings that are not secret, by the type that each has. */
const PUBLIC: Readonly<Record<string, string>> = {
  commandToExecute: "string",
  script: "string",
  skipDos2Unix: "boolean",
  fileUris: "array",
  timestamp: "integer",
};
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** An extension is named whole, is the only one of its kind on its machine, and can do its work. */
export function checkExtension(extension: Resource, world: World): Refusal[] {
  const { inputs } = extension;
  const absent = ["publisher", "type", "typeHandlerVersion"].filter((path) =>
    missing(inputs, path),
  );
  return [
    ...absent.map(required),
    ...checkVersion(inputs),
    ...checkOnlyOne(extension, world),
    ...(isCustomScript(inputs) ? checkSettings(extension) : []),
  ];
}

/** Handler of an extension, e.g. `Microsoft.Azure.Extensions.CustomScript`; undefined while not known. */
export function handlerOf(inputs: unknown): string | undefined {
  const [publisher, type] = [textAt(inputs, "publisher"), textAt(inputs, "type")];
  return publisher === undefined || type === undefined ? undefined : `${publisher}.${type}`;
}

/** An extension whose work on the machine failed, with what it reported; Azure's answer to its order. */
export function provisioningFailed(name: string, inputs: unknown, reported: string): Refusal {
  const publisher = textAt(inputs, "publisher") ?? "";
  const type = textAt(inputs, "type") ?? "";
  return {
    path: "settings",
    code: "VMExtensionProvisioningError",
    message: `VM has reported a failure when processing extension '${name}' (publisher '${publisher}' and type '${type}'). Error message: '${reported}'. More information on troubleshooting is available at https://aka.ms/VMExtensionCSELinuxTroubleshoot. `,
  };
}

function isCustomScript(inputs: unknown): boolean {
  return handlerOf(inputs)?.toLowerCase() === CUSTOM_SCRIPT.toLowerCase();
}

/** A version is given without its patch, and one that is published. */
function checkVersion(inputs: unknown): Refusal[] {
  const path = "typeHandlerVersion";
  const version = textAt(inputs, path);
  if (version === undefined || version === "") {
    return [];
  }
  if (!/^\d+\.\d+$/.test(version)) {
    const message = "The value of parameter typeHandlerVersion is invalid.";
    return [{ path, code: "InvalidParameter", message }];
  }
  const message = `Extension with publisher '${textAt(inputs, "publisher") ?? ""}', type '${textAt(inputs, "type") ?? ""}', and type handler version '${version}' could not be found in the extension repository.`;
  return isCustomScript(inputs) && !VERSIONS.includes(version)
    ? [{ path, code: "ArtifactNotFound", message }]
    : [];
}

/** A machine has one extension of a kind, whatever its name. */
function checkOnlyOne(extension: Resource, world: World): Refusal[] {
  const handler = handlerOf(extension.inputs);
  const machine = parentOf(extension.id);
  // A machine that is not known yet, its name in braces, may be any.
  if (handler === undefined || machine.includes("{")) {
    return [];
  }
  const other = world
    .ofType(EXTENSION)
    .find(
      ({ id, inputs }) =>
        id.toLowerCase() !== extension.id.toLowerCase() &&
        parentOf(id).toLowerCase() === machine.toLowerCase() &&
        handlerOf(inputs)?.toLowerCase() === handler.toLowerCase(),
    );
  const message = `Multiple VMExtensions per handler not supported for OS type 'Linux'. VMExtension '${other === undefined ? "" : ownName(other)}' with handler '${handler}' already added or specified in input.`;
  return other === undefined ? [] : [{ path: "type", code: "BadRequest", message }];
}

/** What CustomScript refuses once it is on the machine, which fails the order as a whole. */
function checkSettings({ type, inputs }: Resource): Refusal[] {
  const settings = inputs["settings"];
  const own = inputs["protectedSettings"];
  if (settings === UNKNOWN || own === UNKNOWN) {
    return [];
  }
  const reasons = [
    ...unfit(settings).map(
      (reason) => `json validation error: invalid public settings JSON: ${reason}`,
    ),
    ...ambiguous(settings, own),
    ...[settings, own].flatMap(unreadable),
  ];
  return reasons.map((reason) =>
    provisioningFailed(
      ownName({ type, inputs }),
      inputs,
      `Enable failed: failed to get configuration: ${reason}`,
    ),
  );
}

/** Settings that its schema does not hold. */
function unfit(settings: unknown): string[] {
  if (settings === undefined || settings === null) {
    return [];
  }
  if (!isObject(settings)) {
    return [`(root): Invalid type. Expected: object, given: ${typeOf(settings)}`];
  }
  return Object.entries(settings).flatMap(([name, value]) => {
    const expected = PUBLIC[name];
    if (expected === undefined) {
      return [`(root): Additional property ${name} is not allowed`];
    }
    return value === UNKNOWN || typeOf(value) === expected
      ? []
      : [`${name}: Invalid type. Expected: ${expected}, given: ${typeOf(value)}`];
  });
}

/** One command or one script, given once. */
function ambiguous(settings: unknown, own: unknown): string[] {
  const given = (name: string): boolean => !missing(settings, name) || !missing(own, name);
  const twice = ["commandToExecute", "script", "fileUris"].filter(
    (name) => !missing(settings, name) && !missing(own, name),
  );
  const [command, script] = [given("commandToExecute"), given("script")];
  return [
    ...(command || script ? [] : ["'commandToExecute' is not specified"]),
    ...(command && script
      ? ["'commandToExecute' and 'script' were both specified, but only one is validate at a time"]
      : []),
    ...twice.map(
      (name) =>
        `'${name}' was specified both in public and protected settings; it must be specified only once`,
    ),
  ];
}

function unreadable(settings: unknown): string[] {
  const script = at(settings, "script");
  if (typeof script !== "string" || script === UNKNOWN) {
    return [];
  }
  if (script.length > LONGEST_SCRIPT) {
    return [
      `The script's length (${script.length}) exceeded the maximum allowed length of ${LONGEST_SCRIPT}!`,
    ];
  }
  return BASE64.test(script) ? [] : ["failed to decode script"];
}

/** Type of a value, as JSON schemas name it. */
function typeOf(value: unknown): string {
  if (value === null) {
    return "null";
  }
  if (Array.isArray(value)) {
    return "array";
  }
  return Number.isInteger(value) ? "integer" : typeof value;
}
