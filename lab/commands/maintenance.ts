/** `make drain` and `make undrain` on the lab. */
import { execa } from "execa";

import { MaintenanceError } from "../../maintenance/drain.ts";
import { carryOut, type Command, type Given } from "../../maintenance/options.ts";
import { kubectlCommand } from "./kubectl.ts";

/** Takes a node out of service, or back. */
export async function maintenance(command: Command, given: Given): Promise<number> {
  try {
    await carryOut(command, given, {
      kubectl: async (words, input = "") => {
        const { command: program, args } = kubectlCommand(words);
        const { failed, stdout, stderr } = await execa(program, args, { input, reject: false });
        if (failed) {
          throw new MaintenanceError(`kubectl: ${stderr.trim()}`);
        }
        return stdout;
      },
      say: (line) => process.stdout.write(`${line}\n`),
    });
    return 0;
  } catch (error) {
    if (error instanceof MaintenanceError) {
      process.stderr.write(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}
