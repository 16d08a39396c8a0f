/** Which apps a stack has, and in which order: pure. */
import type { App, Apps, Offered } from "../apps/app.ts";
import { BUILD } from "../config/fields.ts";
import type { AppSettings } from "../config/schema.ts";

/** An app that the stack's settings ask for. */
export interface Wanted {
  readonly name: string;
  readonly app: App;
  readonly settings: AppSettings[string];
}

/** The apps that the settings ask for, in the order of the list. */
export function wantedOf(apps: Apps, settings: AppSettings): Wanted[] {
  const all = Object.entries(apps).map(([name, app]) => ({
    name,
    app,
    settings: settings[name] ?? {},
  }));
  const wanted = (builds: boolean): Wanted[] =>
    all.filter(({ app, settings: own }) => app.enabled?.(own, { builds }) ?? true);
  return wanted(wanted(false).some((each) => builtImages(each).length > 0));
}

/** Settings of an app whose images are built from this checkout. */
export function builtImages({ app, settings }: Wanted): string[] {
  return Object.keys(app.images ?? {}).filter((key) => settings[key] === BUILD);
}

/** Registries that nodes find at other addresses. */
export function mirrorsOf(
  wanted: readonly Wanted[],
  serviceRange: string,
): Readonly<Record<string, string[]>> {
  return Object.assign(
    {},
    ...wanted.map(({ app }) => app.mirrors?.(serviceRange) ?? {}),
  ) as Readonly<Record<string, string[]>>;
}

/** The apps that need something of an app. */
export function clientsOf({ provides = {} }: App, wanted: readonly Wanted[]): Wanted[] {
  return wanted.filter(({ app }) => app.needs?.some((kind) => kind in provides));
}

/** Names of all objects that lie in no namespace, and of the namespaces, as `kind/name`. */
export function clusterWide(wanted: readonly Wanted[]): string[] {
  return [
    ...namespaceNames(wanted).map((name) => `namespace/${name}`),
    ...wanted.flatMap(({ app, settings }) => app.clusterWide?.(settings) ?? []),
  ];
}

/** Namespaces that are made for apps, each once. */
export function namespaceNames(wanted: readonly Wanted[]): string[] {
  return [...new Set(wanted.flatMap(({ app }) => app.namespace ?? []))];
}

/**
 * Apps after those that they need.
 *
 * @throws Error when they need each other in a circle
 */
export function inOrder(wanted: readonly Wanted[]): Wanted[] {
  const sorted: Wanted[] = [];
  const visit = (each: Wanted, above: readonly Wanted[]): void => {
    if (above.includes(each)) {
      const circle = [...above, each].map(({ name }) => name).join(" → ");
      throw new Error(`apps need each other in a circle: ${circle}`);
    }
    if (sorted.includes(each)) {
      return;
    }
    for (const kind of needsOf(each)) {
      wanted
        .filter(({ app }) => kind in (app.provides ?? {}))
        .forEach((other) => {
          visit(other, [...above, each]);
        });
    }
    sorted.push(each);
  };
  for (const each of wanted) {
    visit(each, []);
  }
  return sorted;
}

/** What an app needs of others, a registry for its images included. */
export function needsOf(each: Wanted): readonly Offered[] {
  const { needs = [] } = each.app;
  return builtImages(each).length === 0 ? needs : [...needs, "registry"];
}
