/** What runs in the cluster: the ingress controller, the website and its database. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { connections } from "../apps/connections.ts";
import { Dashboard } from "../apps/dashboard/component.ts";
import { Database } from "../apps/database/component.ts";
import { Descheduler } from "../apps/descheduler/component.ts";
import { IngressController } from "../apps/ingress/component.ts";
import { denyByDefault } from "../apps/isolation.ts";
import { Website } from "../apps/website/component.ts";
import type { Cluster } from "../components/k3s/cluster.ts";
import { DaemonCheck } from "../components/k3s/daemon.ts";
import { nodeName } from "../components/machine.ts";
import type { Overlay } from "../components/overlay/member.ts";
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
    { kubeconfig: cluster.kubeconfig, enableServerSideApply: true },
    { dependsOn: [...cluster.ready, overlay.operator] },
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
