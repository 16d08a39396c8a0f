/**
 * Is every file as Prettier writes it? Prints those that are not; exit code 1 if any is. Only files are
 * formatted whose content was not seen to be well before, in any checkout: Prettier's own cache holds
 * absolute paths, so that of a fresh clone is empty.
 */
import { keyOf, Seen, sources } from "./seen.ts";

/** What Prettier makes of a file depends on these, wherever in the tree they are. */
const RULES =
  /(^|\/)(\.prettier[^/]*|prettier\.config\.[^/]+|\.editorconfig|package(-lock)?\.json)$/;
const IGNORED = [".gitignore", ".prettierignore"];

const files = sources();
const rules = [...files]
  .filter(([path]) => RULES.test(path) || path === "testing/format.ts")
  .flat();
const seen = new Seen("format");
const rule = keyOf(...rules);
const keys = new Map([...files].map(([path, content]) => [path, keyOf(rule, path, content)]));
const unseen = [...keys].filter(([, key]) => !seen.has(key));

if (unseen.length > 0) {
  const prettier = await import("prettier");
  const isWell = async (path: string): Promise<boolean> => {
    const { ignored, inferredParser } = await prettier.getFileInfo(path, { ignorePath: IGNORED });
    if (ignored || inferredParser === null) {
      return true;
    }
    const options = await prettier.resolveConfig(path, { editorconfig: true });
    const text = files.get(path)?.toString() ?? "";
    return prettier.check(text, { ...options, filepath: path });
  };
  const well = [...keys.values()].filter((key) => seen.has(key));
  for (const [path, key] of unseen) {
    try {
      if (await isWell(path)) {
        well.push(key);
        continue;
      }
      console.error(`${path} is not as Prettier writes it: npm run format`);
    } catch (error) {
      // What it cannot read: it says where and why.
      console.error(`${path}: ${String(error)}`);
    }
    process.exitCode = 1;
  }
  seen.add(well);
}
