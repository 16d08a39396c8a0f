/** What a bundle was made of. Plain JavaScript: it is asked before anything that reads TypeScript is loaded. */
import { readFileSync, statSync } from "node:fs";

/** Where the bundle of the lab's command line lies, below the checkout. */
export const COMMAND_LINE = ".fogline/bundles/command-line/cli.mjs";

/**
 * Files as they are, to be compared with later.
 *
 * @param {readonly string[]} paths absolute
 * @returns {[string, number, number][]} path, time of its last change in milliseconds, size in bytes
 */
export function inputsOf(paths) {
  return paths.map((path) => {
    const { mtimeMs, size } = statSync(path);
    return [path, mtimeMs, size];
  });
}

/**
 * Whether each file of a record is what it was.
 *
 * @param {string} record path of a JSON file of inputs
 * @param {string} project the checkout that bundles were made for: they hold its paths
 * @returns {boolean} false, too, where there is no record
 */
export function isCurrent(record, project) {
  try {
    const { madeFor, inputs } = JSON.parse(readFileSync(record, "utf8"));
    const now = inputsOf(inputs.map(([path]) => path));
    return madeFor === project && JSON.stringify(now) === JSON.stringify(inputs);
  } catch (error) {
    if (error.code === "ENOENT" || error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
}
