/** Running the tools that make images. */
import { execa } from "execa";

import { lastLines, LabError } from "../progress.ts";

/**
 * Runs a command to its end.
 *
 * @param where and `step` name what failed, in the error
 * @returns its standard output
 * @throws LabError with the last lines that it wrote
 */
export async function run(
  where: string,
  step: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const result = await execa(command, args, { env, all: true, reject: false, stdin: "ignore" });
  if (result.failed) {
    const output = lastLines(result.all) || (result.shortMessage ?? "");
    throw new LabError(where, step, output, `${command} --help; then run the command again`);
  }
  return result.stdout;
}
