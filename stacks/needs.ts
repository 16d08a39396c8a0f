/** Needs of a stack's apps that no other app of the stack meets: pure. */
import type { Apps, Offered } from "../apps/app.ts";
import type { Problem } from "../config/problems.ts";
import type { AppSettings, Reading } from "../config/schema.ts";
import { needsOf, wantedOf, type Wanted } from "./wanted.ts";

/**
 * Problems of settings that ask for an app and leave out one that it needs.
 *
 * @param reading the stack's settings; a section with problems of its own leaves nobody out
 */
export function needProblems(apps: Apps, { problems, readable }: Reading): Problem[] {
  const wanted = wantedOf(apps, readable as AppSettings);
  const isWrong = (name: string): boolean =>
    problems.some(({ path }) => /^fogline:(\w+)/.exec(path)?.[1] === name);
  return wanted.flatMap((each) =>
    needsOf(each).flatMap((kind) => {
      const providers = providersOf(kind, apps);
      return providers.some((name) => isWrong(name) || wanted.some((other) => other.name === name))
        ? []
        : [problemOf(each, kind, providers)];
    }),
  );
}

function providersOf(kind: Offered, apps: Apps): string[] {
  return Object.entries(apps).flatMap(([name, { provides = {} }]) =>
    kind in provides ? [name] : [],
  );
}

function problemOf({ name, app }: Wanted, kind: Offered, [provider]: readonly string[]): Problem {
  const path = `fogline:${name}`;
  if (provider === undefined) {
    return {
      path,
      rule: `the app ${name} needs ${kind}, which no app of apps/index.ts provides`,
      fix: `add an app that provides ${kind} to that list, or take ${name} out of it`,
    };
  }
  return {
    path,
    rule: `the app ${name} needs ${kind} of the app ${provider}, which fogline:${provider} disables`,
    fix:
      `enable ${provider} in fogline:${provider}` +
      (app.enabled === undefined ? "" : `, or disable ${name} in ${path}`),
  };
}
