/** How esbuild makes single JavaScript files of TypeScript sources, so that plain Node starts them at once. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

import type { BuildOptions, Plugin } from "esbuild";

/** Packages are loaded as they are installed: some read files that lie beside their own. */
const outsidePackages: Plugin = {
  name: "packages",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      // This checkout's own packages are sources like its others.
      kind === "entry-point" || path.startsWith("@fogline/") ? undefined : { path, external: true },
    );
  },
};

/** What sources ask of themselves, by the constant that each of them gets. */
const ASKED = {
  "import.meta.dirname": "FOGLINE_DIRNAME",
  "import.meta.url": "FOGLINE_URL",
} as const;

/** Sources that name files beside them still find them. */
const whereSourcesLie: Plugin = {
  name: "sources",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const constants = [
        `const ${ASKED["import.meta.dirname"]} = ${JSON.stringify(dirname(path))};`,
        `const ${ASKED["import.meta.url"]} = ${JSON.stringify(pathToFileURL(path).href)};`,
      ].join(" ");
      const source = await readFile(path, "utf8");
      const contents = source.includes("import.meta.") ? `${constants} ${source}` : source;
      return { contents, loader: "ts" };
    });
  },
};

/** A file that Node.js of package.json's `engines` runs, with everything that it imports. */
export const BUNDLED = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "silent",
} as const satisfies BuildOptions;

/** The same of a tree's sources alone: its packages stay outside. */
export const BUNDLED_SOURCES = {
  ...BUNDLED,
  define: ASKED,
  plugins: [outsidePackages, whereSourcesLie],
} satisfies BuildOptions;
