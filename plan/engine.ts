/** The mock engine with what this program asks of an engine and of its providers. */
import * as mock from "@fogline/pulumi-kit/mock";

import { DRAFT } from "../config/load.ts";
import { READ_STATE } from "../stacks/record.ts";
import { ANSWERS } from "./answers.ts";
import { ENCRYPTED } from "./stack-file.ts";

/** Of every machine in the cloud. */
const HOST_KEY = "ssh-ed25519 AAAAC3Nz";

export interface ProgramOptions extends Pick<mock.MockOptions, "stack" | "seal"> {
  /** Whether settings may hold values that only stand for others; default true, as nothing is made. */
  readonly draft?: boolean;
  /** Sections that hold a secret; default those with a value that is encrypted in the stack's file. */
  readonly secrets?: readonly string[];
  /** Outputs of the stack's resources at the last update, by URN; default none, as of a new stack. */
  readonly state?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * A mock engine for this process; what it returns grows as the program runs.
 *
 * @param settings the stack's settings by section, as its file has them
 */
export function mockEngine(
  settings: Readonly<Record<string, unknown>>,
  { draft = true, state = {}, secrets, ...options }: ProgramOptions = {},
): readonly mock.Registered[] {
  // Nothing is dialled here, so it does not matter whether this computer's SSH agent answers.
  delete process.env["SSH_AUTH_SOCK"];
  const sections = Object.entries(settings).map(
    ([name, value]) => [`fogline:${name}`, JSON.stringify(value)] as const,
  );
  const encrypted = sections.flatMap(([key, text]) => (text.includes(ENCRYPTED) ? [key] : []));
  const outputs = Object.entries(state).map(([urn, held]) => [urn, { outputs: held }] as const);
  return mock.mockEngine({
    ...options,
    project: "fogline",
    config: { ...Object.fromEntries(sections), [DRAFT]: String(draft) },
    secretKeys: secrets?.map((name) => `fogline:${name}`) ?? encrypted,
    answers: ANSWERS,
    calls: {
      [READ_STATE]: () => ({ outputs: Object.fromEntries(outputs) }),
      "azure-native:compute:getVirtualMachineExtension": () => ({
        instanceView: {
          statuses: [
            {
              code: "ProvisioningState/succeeded",
              message: `Enable succeeded: \n[stdout]\n${HOST_KEY}\n\n[stderr]\n`,
            },
          ],
        },
      }),
      // What a plan is compared with may be a checkout of before, which asks for the same key like this.
      "azure-native:compute:getVirtualMachineRunCommandByVirtualMachine": () => ({
        instanceView: { output: HOST_KEY, exitCode: 0 },
      }),
    },
  });
}
