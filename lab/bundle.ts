/**
 * Programs of this checkout as single JavaScript files. Node starts one in a third of the time that it
 * takes to load a hundred TypeScript files through a loader, and every run of the engine starts six.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { build, type BuildOptions } from "esbuild";

import { BUNDLED, BUNDLED_SOURCES } from "../packages/bundled.ts";
import { replaceFile } from "./files.ts";
import { COMMAND_LINE, inputsOf, isCurrent } from "./inputs.mjs";
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

/** How a bundle is made, besides its sources. */
const MAKERS = [
  join(import.meta.dirname, "bundle.ts"),
  join(PROJECT, "packages/bundled.ts"),
  join(PROJECT, "node_modules/esbuild/package.json"),
];

/** A file that changed this shortly before it was read may change again within the same tick, milliseconds. */
const TICK = 50;
const A_DAY = 24 * 60 * 60 * 1000;

/**
 * Bundles a TypeScript file with everything of this checkout that it imports; packages stay outside.
 * Nothing is done where none of these files has changed since the last time.
 *
 * @param file path below the checkout
 * @returns path of a file that plain `node` runs
 * @throws Error naming the file and line that esbuild cannot read
 */
export async function bundle(file: string): Promise<string> {
  const target = join(BUNDLES, file.replace(/\.ts$/, ".mjs"));
  await makeOnce(target, { entryPoints: [join(PROJECT, file)], outfile: target });
  return target;
}

/** Bundles the lab's command line for start.mjs; what one command alone loads is a file of its own. */
export async function bundleCommandLine(): Promise<void> {
  const target = join(PROJECT, COMMAND_LINE);
  await makeOnce(target, {
    ...{ entryPoints: [join(PROJECT, "lab/cli.ts")], outdir: dirname(target), splitting: true },
    outExtension: { ".js": ".mjs" },
  });
}

/** Makes a bundle whose first file is `target`, unless it stands and was made of what is there now. */
async function makeOnce(target: string, options: BuildOptions): Promise<void> {
  const record = `${target}.json`;
  if (isCurrent(record, PROJECT)) {
    return;
  }
  const begun = Date.now();
  const { outputFiles, metafile } = await build({
    ...BUNDLED_SOURCES,
    ...options,
    ...{ absWorkingDir: PROJECT, write: false, metafile: true },
  });
  // The first file names the others, so it comes last.
  const [main, others] = [
    outputFiles.filter(({ path }) => path === target),
    outputFiles.filter(({ path }) => path !== target),
  ];
  for (const { path, contents } of [...others, ...main]) {
    await write(path, contents);
  }
  if (others.length > 0) {
    await removeOld(dirname(target), new Set(outputFiles.map(({ path }) => path)));
  }
  const sources = Object.keys(metafile.inputs).map((path) => join(PROJECT, path));
  const inputs = inputsOf([...sources, ...MAKERS]);
  if (inputs.every(([, changed]) => changed < begun - TICK)) {
    await write(record, Buffer.from(JSON.stringify({ madeFor: PROJECT, inputs })));
  }
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
  await write(launcher, Buffer.from(LAUNCHER), 0o755);
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
  await write(target, outputFiles[0]?.contents ?? new Uint8Array());
}

/** Removes what earlier bundles left there; a command that began with one may load its files for hours. */
async function removeOld(folder: string, kept: ReadonlySet<string>): Promise<void> {
  const old = (await readdir(folder))
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith(".mjs") && !kept.has(path));
  for (const path of old) {
    if (Date.now() - (await stat(path)).mtimeMs > A_DAY) {
      await rm(path, { force: true });
    }
  }
}

/** A file that is as wanted keeps its time: what was made of it need not be made anew. */
async function write(path: string, content: Uint8Array, mode = 0o644): Promise<void> {
  if ((await readPresent(path))?.equals(content) !== true) {
    replaceFile(path, content, mode);
  }
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
