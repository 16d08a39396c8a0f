import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import { checkProgram, type Finding } from "./check.ts";
import { provisioningFailed } from "./extension.ts";
import { declared, extension, fog } from "./testing/declarations.ts";
import { EXTENSION } from "./world.ts";

const VM_ACCESS = {
  publisher: "Microsoft.OSTCExtensions",
  type: "VMAccessForLinux",
  typeHandlerVersion: "1.5",
};

/** What is refused of the fog whose worker runs a command, and of one extension more. */
function beside(inputs: object): Finding[] {
  const all = fog();
  all["more"] = { type: EXTENSION, inputs: { ...extension("WorkerNode", "more"), ...inputs } };
  return checkProgram(declared(all));
}

/** Messages about the settings of the worker's extension. */
function messages(settings: unknown, protectedSettings?: unknown): string[] {
  const all = fog();
  const inputs = { ...extension("WorkerNode"), settings, protectedSettings };
  all["host-key"] = { type: EXTENSION, inputs };
  return checkProgram(declared(all)).map(
    ({ message }) => /configuration: (.*)'\. /.exec(message)?.[1] ?? message,
  );
}

describe("a machine's extensions", () => {
  it("are of different kinds, whatever their names", () => {
    expect(beside({})).toMatchObject([
      { resource: "host-key", code: "BadRequest" },
      {
        resource: "more",
        code: "BadRequest",
        message:
          "Multiple VMExtensions per handler not supported for OS type 'Linux'. VMExtension 'host-key' with handler 'Microsoft.Azure.Extensions.CustomScript' already added or specified in input.",
      },
    ]);
    expect(beside({ type: "customSCRIPT" }).map(({ code }) => code)).toEqual([
      "BadRequest",
      "BadRequest",
    ]);
    expect(beside(VM_ACCESS)).toEqual([]);
    expect(beside({ vmName: "MasterNode" })).toEqual([]);
  });

  it("are not compared while a machine's name is not known", () => {
    const all = fog();
    all["host-key"] = { type: EXTENSION, inputs: extension(UNKNOWN) };
    all["more"] = { type: EXTENSION, inputs: extension(UNKNOWN, "more") };
    expect(checkProgram(declared(all))).toEqual([]);
  });

  it("have settings of their own, which only CustomScript's are known of", () => {
    expect(beside({ ...VM_ACCESS, settings: { anything: 1 } })).toEqual([]);
  });
});

describe("the settings of CustomScript", () => {
  it("are a command or a script, given once", () => {
    expect(messages({ commandToExecute: "id" })).toEqual([]);
    expect(messages(undefined, { commandToExecute: "id" })).toEqual([]);
    expect(messages({ script: "aWQ=" })).toEqual([]);
    expect(messages({})).toEqual(["'commandToExecute' is not specified"]);
    expect(messages({ commandToExecute: "id", script: "aWQ=" })).toEqual([
      "'commandToExecute' and 'script' were both specified, but only one is validate at a time",
    ]);
    expect(messages({ commandToExecute: "id" }, { commandToExecute: "id" })).toEqual([
      "'commandToExecute' was specified both in public and protected settings; it must be specified only once",
    ]);
  });

  it("hold what its schema holds, all that is wrong named at once", () => {
    expect(messages({ commandToExecute: "id", timestamp: 1.5, command: "id" })).toEqual([
      "json validation error: invalid public settings JSON: timestamp: Invalid type. Expected: integer, given: number",
      "json validation error: invalid public settings JSON: (root): Additional property command is not allowed",
    ]);
    expect(messages("id")[0]).toContain("(root): Invalid type. Expected: object, given: string");
  });

  it("hold a script of Base64 that is not too long", () => {
    expect(messages({ script: "cat key" })).toEqual(["failed to decode script"]);
    expect(messages({ script: "A".repeat(262_148) })[0]).toContain(
      "maximum allowed length of 262144",
    );
  });

  it("are taken as they come while they are not known", () => {
    expect(messages(UNKNOWN)).toEqual([]);
    expect(messages({ commandToExecute: UNKNOWN })).toEqual([]);
  });
});

it("a command that fails is reported as Azure reports it", () => {
  const inputs = extension("WorkerNode");
  const reported =
    "Enable failed: failed to execute command: command terminated with exit status=1";
  expect(provisioningFailed("host-key", inputs, reported)).toMatchObject({
    code: "VMExtensionProvisioningError",
    message: `VM has reported a failure when processing extension 'host-key' (publisher 'Microsoft.Azure.Extensions' and type 'CustomScript'). Error message: '${reported}'. More information on troubleshooting is available at https://aka.ms/VMExtensionCSELinuxTroubleshoot. `,
  });
});
