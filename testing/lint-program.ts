/**
 * ESLint and TypeScript over one program: reading the SDKs' types is most of the time of either.
 * Types are many objects that live long: without a larger young generation (package.json) a fifth of the
 * time is garbage collection.
 *
 * When all was well, TypeScript's build information is kept in the user's cache. From then on files are
 * looked at that it finds affected: changed ones, and those that the types of changed ones reach.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ESLint } from "eslint";
import ts from "typescript";

import { CACHE } from "../lab/layout.ts";
import { replaceFile } from "../lab/files.ts";
import { keyOf } from "./seen.ts";

/** What ESLint finds in a file depends on these, too. */
const RULES = [
  "eslint.config.js",
  "eslint.boundaries.js",
  "package-lock.json",
  "testing/lint-program.ts",
];
/** Relative to it are the paths that it holds, so that every checkout can use it. */
const INFORMATION = ".fogline/lint.tsbuildinfo";
/** Where it is kept. */
const KEPT = join(
  CACHE,
  "lint",
  `${keyOf(...RULES.map((file) => readFileSync(file)))}.tsbuildinfo`,
);

/** Prints what they find; whether that is nothing, no warning either. */
export async function isLinted(): Promise<boolean> {
  const config = ts.getParsedCommandLineOfConfigFile(
    "tsconfig.json",
    { incremental: true, tsBuildInfoFile: INFORMATION },
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
      },
    },
  );
  if (config === undefined) {
    throw new Error("tsconfig.json cannot be read");
  }

  const host = ts.createIncrementalCompilerHost(config.options);
  const readFile = host.readFile.bind(host);
  host.readFile = (path) => readFile(path.endsWith(INFORMATION) ? KEPT : path);
  host.writeFile = (_path, text) => {
    replaceFile(KEPT, text);
  };
  const builder = ts.createIncrementalProgram({
    rootNames: config.fileNames,
    options: config.options,
    configFileParsingDiagnostics: config.errors,
    host,
    createProgram: ts.createSemanticDiagnosticsBuilderProgram,
  });

  /** Our own files whose types may be others than when all was well. */
  const affected = new Set<string>();
  const nextAffected = () => builder.getSemanticDiagnosticsOfNextAffectedFile();
  for (let next = nextAffected(); next !== undefined; next = nextAffected()) {
    const files = "fileName" in next.affected ? [next.affected] : next.affected.getSourceFiles();
    files.forEach(({ fileName }) => affected.add(fileName));
  }

  const refused = [
    ...builder.getConfigFileParsingDiagnostics(),
    ...builder.getOptionsDiagnostics(),
    ...builder.getGlobalDiagnostics(),
    ...builder.getSyntacticDiagnostics(),
    ...builder.getSemanticDiagnostics(),
  ];
  if (refused.length > 0) {
    console.error(
      ts.formatDiagnosticsWithColorAndContext(refused, {
        getCanonicalFileName: (name) => name,
        getCurrentDirectory: () => process.cwd(),
        getNewLine: () => "\n",
      }),
    );
  }

  const eslint = new ESLint({
    overrideConfig: {
      files: ["**/*.ts"],
      languageOptions: { parserOptions: { project: null, programs: [builder.getProgram()] } },
    },
  });
  const results = await eslint.lintFiles([
    "**/*.{js,cjs,mjs}",
    ...config.fileNames.filter((file) => affected.has(file)),
  ]);
  const faults = results.filter(({ errorCount, warningCount }) => errorCount + warningCount > 0);
  if (faults.length > 0) {
    const formatter = await eslint.loadFormatter("stylish");
    console.error(await formatter.format(faults));
  }
  if (refused.length + faults.length > 0) {
    return false;
  }
  builder.emit();
  return true;
}
