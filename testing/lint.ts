/**
 * ESLint and TypeScript over one program: reading the SDKs' types is most of the time of either.
 * Prints what they find; exit code 1 if it is anything, a warning too. Types are many objects that live
 * long: without a larger young generation (package.json) a fifth of the time is garbage collection.
 */
import { ESLint } from "eslint";
import ts from "typescript";

const config = ts.getParsedCommandLineOfConfigFile("tsconfig.json", undefined, {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
    throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
  },
});
if (config === undefined) {
  throw new Error("tsconfig.json cannot be read");
}
const program = ts.createProgram(config.fileNames, config.options);

const refused = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
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
    languageOptions: { parserOptions: { project: null, programs: [program] } },
  },
});
const results = await eslint.lintFiles(".");
const faults = results.filter(({ errorCount, warningCount }) => errorCount + warningCount > 0);
if (faults.length > 0) {
  const formatter = await eslint.loadFormatter("stylish");
  console.error(await formatter.format(faults));
}
process.exitCode = refused.length + faults.length > 0 ? 1 : 0;
