/**
 * Which part of the tree may import which: a part may import those that it names here, and packages by
 * their names. Tests may import whatever they try, and nothing else imports a test's helpers.
 */
import boundaries from "eslint-plugin-boundaries";

/** Parts by folder; the first that matches counts. */
const PARTS = {
  // Usable alone; each other by name, as their dependencies say.
  packages: { pattern: "packages/*", imports: [] },
  config: { pattern: "config", imports: [] },
  components: { pattern: "components", imports: ["config"] },
  apps: { pattern: "apps", imports: ["components", "config"] },
  stacks: { pattern: "stacks", imports: ["apps", "components", "config"] },
  policy: { pattern: "policy", imports: ["config"] },
  plan: { pattern: "plan", imports: ["policy", "stacks", "apps", "components", "config"] },
  guide: { pattern: "guide", imports: ["config"] },
  ci: { pattern: "ci", imports: [] },
  // A command about the lab's lock and a stack's settings alike.
  pin: { pattern: "pin", imports: ["lab", "apps", "components", "config"] },
  // What the operator's computer asks of a stack that runs.
  operator: { pattern: "operator", imports: ["config"] },
  // What a cluster is looked at by; nothing of the program needs it.
  cis: { pattern: "cis", imports: ["operator"] },
  // What takes a node out of service; nothing of the program needs it either.
  maintenance: { pattern: "maintenance", imports: ["operator"] },
  // Plugins and programs of their own.
  "stand-ins": { pattern: "lab/stand-ins", imports: [] },
  lab: {
    pattern: "lab",
    imports: ["stand-ins", "cis", "maintenance", "stacks", "apps", "components", "config"],
  },
  // What is measured, on a lab or another stack.
  experiments: {
    pattern: "experiments",
    imports: ["lab", "operator", "apps", "components", "config"],
  },
  testing: { pattern: "testing", imports: [] },
};

/** Files that are apart from their folder. */
const FILES = [
  { category: "program", pattern: "index.ts" },
  { category: "build", pattern: "packages/build.ts" },
  { category: "bundled", pattern: "packages/bundled.ts" },
  // What the engine checks knows what the program's apps are exempt from.
  { category: "pack", pattern: "policy/pack.ts" },
  // The stand-in of the cloud boots the machines of the lab; what it needs of them.
  { category: "cloud", pattern: "lab/stand-ins/azure-native/*.ts" },
  ...["lab/machines/*.ts", "lab/layout.ts", "lab/engine/unreported.ts"].map((pattern) => ({
    category: "machines",
    pattern,
  })),
];

const TESTS = [
  ...["**/*.test.ts", "**/testing/**/*.ts", "vitest*.ts"],
  // What is tried on stand-ins and on official plugins alike.
  "lab/official/*.ts",
];

const message =
  "{{from.element.type}} may not import {{to.element.type}} ({{dependency.source}}): see eslint.boundaries.js";

export default [
  {
    files: ["**/*.ts"],
    plugins: { boundaries },
    settings: {
      "boundaries/root-path": import.meta.dirname,
      "boundaries/elements-single-match": true,
      "boundaries/elements": Object.entries(PARTS).map(([type, { pattern }]) => ({
        type,
        pattern,
        partialMatch: false,
      })),
      "boundaries/files": [...FILES, ...TESTS.map((pattern) => ({ category: "test", pattern }))],
      "import/resolver": { node: { extensions: [".ts", ".js"] } },
    },
    rules: {
      "boundaries/no-unknown-files": "error",
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          // Inside a part, too: tests' helpers are for tests.
          checkInternals: true,
          message,
          // A later one that matches overrules.
          policies: [
            { allow: { to: { module: { origin: ["external", "core"] } } } },
            { allow: { dependency: { relationship: { to: "internal" } } } },
            ...Object.entries(PARTS)
              .filter(([, { imports }]) => imports.length > 0)
              .map(([type, { imports }]) => ({
                from: { element: { type } },
                allow: { to: { element: { types: { anyOf: imports } } } },
              })),
            {
              from: { file: { categories: "program" } },
              allow: {
                to: { element: { types: { anyOf: ["stacks", "apps", "components", "config"] } } },
              },
            },
            {
              from: { file: { categories: "pack" } },
              allow: { to: { element: { type: "apps" } } },
            },
            // The lab's commands and plans run the program, from bundles.
            {
              from: { element: { types: { anyOf: ["lab", "plan"] } } },
              allow: { to: { file: { categories: ["program", "bundled"] } } },
            },
            {
              from: { file: { categories: "cloud" } },
              allow: { to: { file: { categories: "machines" } } },
            },
            { disallow: { to: { file: { categories: "test" } } } },
            {
              from: { file: { categories: "test" } },
              allow: { dependency: { relationship: { to: "internal" } } },
            },
          ],
        },
      ],
    },
  },
  {
    files: TESTS,
    ignores: ["packages/*/**"],
    rules: { "boundaries/dependencies": "off", "boundaries/no-unknown-files": "off" },
  },
];
