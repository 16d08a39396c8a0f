/** What runs in the cluster: every app of the list that the settings ask for. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { needed, type App, type Apps, type Deployed, type Namespace } from "../apps/app.ts";
import { connections } from "../apps/connections.ts";
import { denyByDefault } from "../apps/isolation.ts";
import { BUILT_IMAGES } from "../apps/measures.ts";
import type { Offers } from "../apps/offers.ts";
import { levelOf, podSecurityLabels } from "../apps/pod-security.ts";
import type { Cluster } from "../components/k3s/cluster.ts";
import { DaemonCheck } from "../components/k3s/daemon.ts";
import type { Overlay } from "../components/overlay/member.ts";
import { timersOf } from "../config/failover.ts";
import { nodeName } from "../config/names.ts";
import type { AppSettings, Settings } from "../config/schema.ts";
import { archsOf, disksOf, imageOf } from "./images.ts";
import {
  clientsOf,
  clusterWide,
  inOrder,
  namespaceNames,
  wantedOf,
  type Wanted,
} from "./wanted.ts";

/** What apps are deployed with. */
export interface DeployContext {
  readonly settings: Settings & AppSettings;
  readonly cluster: Cluster;
  readonly overlay: Overlay;
  /** Public addresses of the cloud's workers. */
  readonly publicAddresses: pulumi.Output<string[]>;
}

/**
 * Deploys apps once every node is Ready and this computer reaches the cluster.
 *
 * @returns the outputs of all of them
 * @throws Error when the list does not fit together: a need that nobody provides, a name given twice
 */
export async function deployApps(
  apps: Apps,
  context: DeployContext,
): Promise<Record<string, pulumi.Output<unknown>>> {
  const { settings, overlay } = context;
  const wanted = wantedOf(apps, settings);
  const provider = createProvider(context, clusterWide(wanted));
  const { protect } = settings.cloud;
  const namespaces = createNamespaces(apps, wanted, protect, provider);
  const cluster = {
    podRange: settings.k3s.podRange,
    apiServer: overlay.hub.address,
    // A VXLAN gives nodes addresses among the pods' own.
    ...(settings.k3s.flannelBackend === "vxlan" ? {} : { nodeRange: settings.overlay.range }),
  };
  const table = connections(cluster, apps);
  const offers: Partial<Offers> = {};
  const outputs: Record<string, pulumi.Output<unknown>> = {};
  const deployed = new Map<string, Deployed>();
  const timers = timersOf(settings.failover);
  const nodes = { archs: archsOf(settings), disks: disksOf(overlay) };
  for (const each of inOrder(wanted)) {
    const { name, app, settings: own } = each;
    const clients = clientsOf(app, wanted).map((client) => client.app.namespace);
    const result = await app.deploy({
      name,
      settings: own,
      get namespace() {
        return namespaceOf(name, app, namespaces);
      },
      imageOf: (setting) => imageOf(each, setting, offers.registry),
      needs: needed(name, app, offers),
      clients: namespaces.filter((namespace) => clients.includes(namespace.name)),
      namespaces,
      connections: table,
      kubeconfig: context.cluster.kubeconfig,
      nodes,
      timers,
      serviceRange: settings.k3s.serviceRange,
      publicAddresses: context.publicAddresses,
      opts: { providers: [provider], ...(app.keepsData === true ? { protect } : {}) },
    });
    deployed.set(name, result);
    merge(`offer of ${name}`, offers, result.offers ?? {});
    merge(`output of ${name}`, outputs, result.outputs ?? {});
  }
  if (offers.registry !== undefined) {
    merge("output of the program", outputs, { [BUILT_IMAGES]: offers.registry.built() });
  }
  const isolated = namespaces.map(({ name, created }) => {
    const inside = wanted.filter(({ app }) => app.namespace === name);
    const after = inside.flatMap((each) => deployed.get(each.name)?.allowed ?? []);
    return denyByDefault(name, created, { provider, after });
  });
  checkDaemonSets(context, deployed, isolated);
  return outputs;
}

function namespaceOf(
  name: string,
  app: App,
  namespaces: readonly Namespace[],
): pulumi.Output<string> {
  const found = namespaces.find((each) => each.name === app.namespace);
  if (found === undefined) {
    throw new Error(`the app ${name} uses a namespace, and its definition asks for none`);
  }
  return found.created;
}

function createProvider(
  { cluster, overlay }: DeployContext,
  names: readonly string[],
): k8s.Provider {
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
  apps: Apps,
  wanted: readonly Wanted[],
  protect: boolean,
  provider: k8s.Provider,
): Namespace[] {
  return namespaceNames(wanted).map((name) => {
    const keepsData = wanted.some(({ app }) => app.namespace === name && app.keepsData === true);
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name, labels: podSecurityLabels(levelOf(apps, name)) } },
      { provider, protect: keepsData && protect },
    );
    return { name, created: namespace.metadata.name };
  });
}

/** Looks at each app's DaemonSet, last of all, as a failure ends the `up`. */
function checkDaemonSets(
  { overlay }: DeployContext,
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

/** Adds what is new; a name that is there already is a mistake in the list of apps. */
function merge(what: string, all: object, more: object): void {
  const [twice] = Object.keys(more).filter((key) => key in all);
  if (twice !== undefined) {
    throw new Error(`${twice}, an ${what}, is given by another app as well`);
  }
  Object.assign(all, more);
}
