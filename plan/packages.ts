/** The installed packages of one checkout for the files of another. */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where this tree's own packages are, and the scope that they are imported by. */
const OWN = "packages";
const SCOPE = "@fogline";

/**
 * Makes a `node_modules` in `folder` that holds what is installed in `checkout`, as links, and the
 * packages of the tree in `folder` itself: those belong to its commit.
 */
export function linkPackages(checkout: string, folder: string): void {
  const link = (target: string, ...path: string[]): void => {
    const place = join(folder, "node_modules", ...path);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(target, place);
  };
  const installed = join(checkout, "node_modules");
  for (const name of readdirSync(installed).filter((each) => each !== SCOPE)) {
    link(join(installed, name), name);
  }
  const own = join(folder, OWN);
  for (const name of existsSync(own) ? readdirSync(own) : []) {
    link(join(own, name), SCOPE, name);
  }
}
