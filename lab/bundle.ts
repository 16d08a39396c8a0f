/**
 * Programs of this checkout as single JavaScript files. Node starts one in a third of the time that it
 * takes to load a hundred TypeScript files through a loader, and every run of the engine starts six.
 */
import { createHash, randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { build } from "esbuild";

import { BUNDLED, BUNDLED_SOURCES } from "../packages/bundled.ts";
import { PROJECT } from "./layout.ts";

/** Where bundles lie: inside the checkout, so that Node finds its packages from there. */
const BUNDLES = join(PROJECT, ".fogline", "bundles");

/** What Pulumi's engine starts: it names the port on its first line of output. */
const LAUNCHER = `#!/bin/sh
exec node "$(dirname -- "$0")/plugin.mjs" "$@"
`;

/** What packages that are CommonJS expect of Node. */
const COMMONJS = [
  'import { createRequire as createRequireHere } from "node:module";',
  "const require = createRequireHere(import.meta.url);",
  "const { dirname: __dirname, filename: __filename } = import.meta;",
].join(" ");

/** Packages that load files of their own by relative paths, such as compiled ones. */
const OUTSIDE = ["ssh2"];

/**
 * Bundles a TypeScript file with everything of this checkout that it imports; packages stay outside.
 * It takes about a tenth of a second, so it is done anew each time instead of asking what changed.
 *
 * @param file path below the checkout
 * @returns path of a file that plain `node` runs
 * @throws Error naming the file and line that esbuild cannot read
 */
export async function bundle(file: string): Promise<string> {
  const target = join(BUNDLES, file.replace(/\.ts$/, ".mjs"));
  const { outputFiles } = await build({
    ...BUNDLED_SOURCES,
    entryPoints: [join(PROJECT, file)],
    write: false,
  });
  const [{ contents } = { contents: new Uint8Array() }] = outputFiles;
  await replaceFile(target, contents);
  return target;
}

/**
 * Imports a TypeScript file of this checkout into a process that may itself be a bundle. As with any
 * import, a process gets the file as it was the first time.
 *
 * @param file path below the checkout
 * @returns what it exports
 * @throws Error naming the file and line that esbuild cannot read
 */
export async function importBundled(file: string): Promise<object> {
  return (await import(pathToFileURL(await bundle(file)).href)) as object;
}

/**
 * Bundles a plugin whose main file is `main.ts`, with its packages: Node loads one file in half of the time
 * that it takes to find and load some hundreds.
 *
 * @param folder path below the checkout that holds `main.ts`
 * @param name of the provider, e.g. `random`
 * @returns folder with an executable `pulumi-resource-<name>`
 */
export async function bundlePlugin(folder: string, name: string): Promise<string> {
  const main = await bundle(join(folder, "main.ts"));
  const made = dirname(main);
  await includePackages(main, join(made, "plugin.mjs"));
  const launcher = join(made, `pulumi-resource-${name}`);
  await replaceFile(launcher, Buffer.from(LAUNCHER), 0o755);
  return made;
}

/**
 * Makes a bundle with its packages of one without. That takes ten times as long as the bundle without
 * them, so it is done when the sources or the installed packages are others than those of the first line.
 */
async function includePackages(from: string, target: string): Promise<void> {
  const [sources, installed] = await Promise.all([
    readFile(from),
    readFile(join(PROJECT, "node_modules", ".package-lock.json")),
  ]);
  const made = createHash("sha256").update(sources).update(installed).digest("hex");
  const note = `// ${made}\n`;
  if ((await readPresent(target))?.subarray(0, note.length).toString() === note) {
    return;
  }
  const { outputFiles } = await build({
    ...BUNDLED,
    entryPoints: [from],
    write: false,
    external: OUTSIDE,
    banner: { js: note + COMMONJS },
  });
  await replaceFile(target, outputFiles[0]?.contents ?? new Uint8Array());
}

/** Written aside and renamed: a process that starts meanwhile reads one whole version. */
async function replaceFile(path: string, content: Uint8Array, mode = 0o644): Promise<void> {
  if ((await readPresent(path))?.equals(content) === true) {
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  // Threads of one process, such as those of tests, may write the same file.
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  await writeFile(draft, content);
  await chmod(draft, mode);
  await rename(draft, path);
}

/** What a file holds, or nothing where there is none. */
function readPresent(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw error;
    }
    return undefined;
  });
}
