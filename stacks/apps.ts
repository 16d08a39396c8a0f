/** What runs in the cluster: the ingress controller, the website and its database. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { connections } from "../apps/connections.ts";
import { Dashboard } from "../apps/dashboard/component.ts";
import { clusterWideNames as dashboardNames } from "../apps/dashboard/manifests.ts";
import { Database } from "../apps/database/component.ts";
import {
  CLUSTER_WIDE_NAMES as DESCHEDULER_NAMES,
  Descheduler,
} from "../apps/descheduler/component.ts";
import {
  CLUSTER_WIDE_NAMES as INGRESS_NAMES,
  IngressController,
} from "../apps/ingress/component.ts";
import { denyByDefault } from "../apps/isolation.ts";
import { Website } from "../apps/website/component.ts";
import type { Cluster } from "../components/k3s/cluster.ts";
import { DaemonCheck } from "../components/k3s/daemon.ts";
import type { Overlay } from "../components/overlay/member.ts";
import { nodeName } from "../config/names.ts";
import type { Settings } from "../config/schema.ts";

/** Deploys the apps once every node is Ready and this computer reaches the cluster. */
export function apps(
  settings: Settings,
  cluster: Cluster,
  overlay: Overlay,
  publicAddress: pulumi.Input<string>,
): void {
  const provider = new k8s.Provider(
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
    { dependsOn: [...cluster.ready, cluster.claim(clusterWide(settings)), overlay.operator] },
  );
  // The votes go with their namespace, and with the database's volume.
  const { protect } = settings.cloud;
  const namespace = new k8s.core.v1.Namespace(
    "website-namespace",
    { metadata: { name: "website" } },
    { provider, protect },
  ).metadata.name;
  const ingress = new IngressController(
    "ingress",
    { image: settings.ingress.image, namespaces: [namespace], address: publicAddress },
    { providers: [provider] },
  );
  const table = connections({ podRange: settings.k3s.podRange, apiServer: overlay.hub.address });
  const database = new Database(
    "database",
    {
      namespace,
      image: settings.database.image,
      storage: settings.database.storage,
      connections: table,
    },
    { providers: [provider], protect },
  );
  const website = new Website(
    "website",
    {
      namespace,
      settings: settings.website,
      database: database.address,
      connections: table,
      route: ingress.route("identified"),
    },
    { providers: [provider] },
  );
  const deployed: pulumi.Resource[] = [website.served];
  const isolated = denyByDefault("website", namespace, {
    provider,
    after: [database.isolation, website.isolation],
  });
  const { image, intervalSeconds } = settings.descheduler;
  if (image !== undefined) {
    const plan = { image, intervalSeconds, namespaces: [namespace], connections: table };
    deployed.push(new Descheduler("descheduler", plan, { providers: [provider] }));
  }
  const { kind, ...images } = settings.dashboard;
  if (kind !== "none") {
    const plan = { kind, ...images, connections: table };
    deployed.push(new Dashboard("dashboard", plan, { providers: [provider] }));
  }
  const check = {
    ...ingress.daemonSet,
    server: overlay.hub.machine,
    machines: overlay.agents.map(({ machine }) => nodeName(machine)).sort(),
  };
  // Last, as its failure ends the `up`.
  new DaemonCheck("ingress-check", check, { dependsOn: [...deployed, isolated] });
}

/** Names of all objects that lie in no namespace, and of the namespaces, as `kind/name`. */
function clusterWide({ descheduler, dashboard }: Settings): string[] {
  return [
    "namespace/website",
    ...INGRESS_NAMES,
    ...(descheduler.image === undefined ? [] : DESCHEDULER_NAMES),
    ...(dashboard.kind === "none" ? [] : dashboardNames(dashboard.kind)),
  ];
}
