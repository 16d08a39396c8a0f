/**
 * Builds a package for use without this repository: JavaScript and declarations in a folder that
 * `npm pack` takes as it is. Packages of this tree that it needs are bundled, as they are published
 * nowhere.
 *
 * Usage: node --import tsx packages/build.ts <package> <folder>
 *
 * The folder is made anew.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import ts from "typescript";

const PACKAGES = import.meta.dirname;
const SCOPE = "@fogline/";
/** Folders that serve this repository alone. */
const LEFT_OUT = /^(contract|example|testing)\/|\/testing\/|\.test\.ts$/;

/** Fields of package.json for work on the package. */
const UNPUBLISHED: ReadonlySet<string> = new Set(["private", "scripts", "devDependencies"]);

type Versions = Readonly<Record<string, string>>;

/** The part of a package.json that is read. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Versions;
  readonly [field: string]: unknown;
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(PACKAGES, name, "package.json"), "utf8")) as Manifest;
}

/** Compiles packages, each into a folder of its name. */
function compile(names: readonly string[], folder: string): void {
  const config = join(PACKAGES, "../tsconfig.json");
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, (file) => ts.sys.readFile(file)).config,
    ts.sys,
    dirname(config),
  );
  const files = names.flatMap((name) => {
    const source = join(PACKAGES, name);
    return ts.sys
      .readDirectory(source, [".ts"], ["**/dist", "**/node_modules"])
      .filter((file) => !LEFT_OUT.test(relative(source, file)));
  });
  const program = ts.createProgram(files, {
    ...options,
    noEmit: false,
    noEmitOnError: true,
    allowImportingTsExtensions: false,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    rootDir: PACKAGES,
    outDir: folder,
  });
  const { diagnostics } = program.emit();
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length > 0) {
    throw new Error(
      ts.formatDiagnostics(problems, {
        getCanonicalFileName: (file) => file,
        getCurrentDirectory: () => PACKAGES,
        getNewLine: () => "\n",
      }),
    );
  }
}

/** Entry points as compiled; those of folders that are left out, and of the plugin, are none. */
function compiled(exports: Manifest["exports"]): Record<string, object> {
  return Object.fromEntries(
    Object.entries(exports)
      .filter(([, target]) => !/^\.\/(contract|example|provider)\//.test(target))
      .map(([entry, target]) => {
        const file = target.replace(/\.ts$/, "");
        return [entry, { types: `${file}.d.ts`, default: `${file}.js` }];
      }),
  );
}

function write(folder: string, manifest: object): void {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** The packages of this tree that one needs, by name without the scope. */
function needed({ dependencies = {} }: Manifest): string[] {
  const own = Object.keys(dependencies)
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => name.slice(SCOPE.length));
  return [...new Set(own.flatMap((name) => [name, ...needed(manifestOf(name))]))];
}

/** Builds a package into a folder. */
export function build(name: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const all = join(folder, ".all");
  const bundled = needed(manifestOf(name));
  compile([name, ...bundled], all);
  for (const entry of ts.sys.getDirectories(join(all, name))) {
    renameSync(join(all, name, entry), join(folder, entry));
  }
  const manifest = manifestOf(name);
  for (const other of bundled) {
    const place = join(folder, "node_modules", SCOPE, other);
    mkdirSync(dirname(place), { recursive: true });
    renameSync(join(all, other), place);
    const { version, exports } = manifestOf(other);
    write(place, { name: SCOPE + other, version, type: "module", exports: compiled(exports) });
  }
  rmSync(all, { recursive: true });
  for (const file of ["README.md", "provider/pulumi-resource-netmaker"]) {
    if (existsSync(join(PACKAGES, name, file))) {
      cpSync(join(PACKAGES, name, file), join(folder, file));
    }
  }
  const published = Object.entries(manifest).filter(([field]) => !UNPUBLISHED.has(field));
  write(folder, {
    ...Object.fromEntries(published),
    exports: compiled(manifest.exports),
    // What the bundled packages need is installed beside this one.
    dependencies: Object.assign(
      {},
      ...[...bundled.map(manifestOf), manifest].map(({ dependencies }) => dependencies),
    ) as Versions,
    bundleDependencies: bundled.map((other) => SCOPE + other),
  });
}

if (process.argv[1] === import.meta.filename) {
  const [name, folder] = process.argv.slice(2);
  if (name === undefined || folder === undefined) {
    process.stderr.write("usage: packages/build.ts <package> <folder>\n");
    process.exit(2);
  }
  build(name, resolve(folder));
}
