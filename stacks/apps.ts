/** What runs in the cluster: every app of the list that the settings ask for. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { needed, type App, type Apps, type Deployed, type Namespace } from "../apps/app.ts";
import { connections } from "../apps/connections.ts";
import { denyByDefault } from "../apps/isolation.ts";
import type { Offers } from "../apps/offers.ts";
import type { Cluster } from "../components/k3s/cluster.ts";
import { DaemonCheck } from "../components/k3s/daemon.ts";
import { nodeName } from "../components/machine.ts";
import type { Overlay } from "../components/overlay/member.ts";
import type { AppSettings, Settings } from "../config/schema.ts";

/** What the apps stand on. */
export interface Ground {
  readonly settings: Settings & AppSettings;
  readonly cluster: Cluster;
  readonly overlay: Overlay;
  /** Public addresses of the cloud's workers. */
  readonly publicAddresses: pulumi.Output<string[]>;
}

/** An app that the stack's settings ask for. */
interface Wanted {
  readonly name: string;
  readonly app: App;
  readonly settings: AppSettings[string];
}

/**
 * Deploys apps once every node is Ready and this computer reaches the cluster.
 *
 * @returns the outputs of all of them
 * @throws Error when the list does not fit together: a need that nobody provides, a name given twice
 */
export function deployApps(apps: Apps, ground: Ground): Record<string, pulumi.Output<unknown>> {
  const { settings, overlay, publicAddresses } = ground;
  const wanted = wantedOf(apps, settings);
  const provider = createProvider(ground, clusterWide(wanted));
  const { protect } = settings.cloud;
  const namespaces = createNamespaces(wanted, protect, provider);
  const namespaceOf = (app: App): Namespace[] =>
    namespaces.filter(({ name }) => name === app.namespace);
  const table = connections(
    { podRange: settings.k3s.podRange, apiServer: overlay.hub.address },
    apps,
  );
  const offers: Partial<Offers> = {};
  const outputs: Record<string, pulumi.Output<unknown>> = {};
  const deployed = new Map<string, Deployed>();
  for (const { name, app, settings: own } of inOrder(wanted)) {
    const provides = Object.keys(app.provides ?? {});
    const clients = wanted.filter((other) =>
      other.app.needs?.some((kind) => provides.includes(kind)),
    );
    const result = app.deploy({
      name,
      settings: own,
      get namespace() {
        const [found] = namespaceOf(app);
        if (found === undefined) {
          throw new Error(`the app ${name} uses a namespace, and its definition asks for none`);
        }
        return found.created;
      },
      needs: needed(name, app, offers),
      clients: unique(clients.flatMap((client) => namespaceOf(client.app))),
      namespaces,
      connections: table,
      publicAddresses,
      opts: { providers: [provider], ...(app.keepsData === true ? { protect } : {}) },
    });
    deployed.set(name, result);
    merge(`offer of ${name}`, offers, result.offers ?? {});
    merge(`output of ${name}`, outputs, result.outputs ?? {});
  }
  const isolated = namespaces.map(({ name, created }) =>
    denyByDefault(name, created, {
      provider,
      after: wanted
        .filter(({ app }) => app.namespace === name)
        .flatMap((each) => deployed.get(each.name)?.allowed ?? []),
    }),
  );
  checkDaemonSets(ground, deployed, isolated);
  return outputs;
}

function createProvider({ cluster, overlay }: Ground, names: readonly string[]): k8s.Provider {
  return new k8s.Provider(
    "cluster",
    {
      kubeconfig: cluster.kubeconfig,
      // A script prints the kubeconfig, so a preview does not know it when the script will run again.
      // Without a name for the cluster the provider then replaces every object in it.
      clusterIdentifier: cluster.identity,
      enableServerSideApply: true,
      // An object that an interrupted update made and did not record is taken up again, and fields
      // that the autoscaler or that update owns are no reason to stop. See docs/decisions.md.
      upsertExistingObjects: true,
      enablePatchForce: true,
    },
    // Objects are made once nodes run pods, nobody else has their names, and this computer gets there.
    { dependsOn: [...cluster.ready, cluster.claim([...names]), overlay.operator] },
  );
}

/** The namespaces that definitions ask for. Data goes with its namespace, which is protected with it. */
function createNamespaces(
  wanted: readonly Wanted[],
  protect: boolean,
  provider: k8s.Provider,
): Namespace[] {
  return namespaceNames(wanted).map((name) => {
    const keepsData = wanted.some(({ app }) => app.namespace === name && app.keepsData === true);
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name } },
      { provider, protect: keepsData && protect },
    );
    return { name, created: namespace.metadata.name };
  });
}

/** Looks at each app's DaemonSet, last of all, as a failure ends the `up`. */
function checkDaemonSets(
  { overlay }: Ground,
  deployed: ReadonlyMap<string, Deployed>,
  isolated: readonly pulumi.Resource[],
): void {
  const ready = [...deployed.values()].flatMap((each) => each.ready);
  const machines = overlay.agents.map(({ machine }) => nodeName(machine)).sort();
  for (const [name, { daemonSet }] of deployed) {
    if (daemonSet !== undefined) {
      new DaemonCheck(
        `${name}-check`,
        { ...daemonSet, server: overlay.hub.machine, machines },
        // One node's trouble keeps nothing else from running.
        { dependsOn: [...ready, ...isolated] },
      );
    }
  }
}

function wantedOf(apps: Apps, settings: AppSettings): Wanted[] {
  return Object.entries(apps)
    .map(([name, app]) => ({ name, app, settings: settings[name] ?? {} }))
    .filter(({ app, settings: own }) => app.enabled?.(own) ?? true);
}

/** Names of all objects that lie in no namespace, and of the namespaces, as `kind/name`. */
function clusterWide(wanted: readonly Wanted[]): string[] {
  return [
    ...namespaceNames(wanted).map((name) => `namespace/${name}`),
    ...wanted.flatMap(({ app, settings }) => app.clusterWide?.(settings) ?? []),
  ];
}

function namespaceNames(wanted: readonly Wanted[]): string[] {
  return unique(wanted.flatMap(({ app }) => app.namespace ?? []));
}

/** Apps after those that they need. */
function inOrder(wanted: readonly Wanted[]): Wanted[] {
  const sorted: Wanted[] = [];
  const visit = (each: Wanted, above: readonly Wanted[]): void => {
    if (above.includes(each)) {
      const circle = [...above, each].map(({ name }) => name).join(" → ");
      throw new Error(`apps need each other in a circle: ${circle}`);
    }
    if (sorted.includes(each)) {
      return;
    }
    for (const kind of each.app.needs ?? []) {
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

/** Adds what is new; a name that is there already is a mistake in the list of apps. */
function merge(what: string, all: object, more: object): void {
  const [twice] = Object.keys(more).filter((key) => key in all);
  if (twice !== undefined) {
    throw new Error(`${twice}, an ${what}, is given by another app as well`);
  }
  Object.assign(all, more);
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}
