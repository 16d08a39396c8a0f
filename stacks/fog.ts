/** The whole stack on one page: machines → overlay → cluster → apps. */
import * as pulumi from "@pulumi/pulumi";

import type { Apps } from "../apps/app.ts";
import type { InventoryLine } from "../components/azure/vm.ts";
import type { JoinBundle } from "../components/edge/join-bundle.ts";
import { Cluster } from "../components/k3s/cluster.ts";
import { NetmakerOverlay } from "../components/overlay/netmaker/overlay.ts";
import { timersOf } from "../config/failover.ts";
import type { Loaded } from "../config/load.ts";
import { nodeName } from "../config/names.ts";
import { deployApps } from "./apps.ts";
import { joinBundles, machines } from "./machines.ts";
import { overlayOf } from "./overlay.ts";
import { keepRecord } from "./record.ts";
import { mirrorsOf, wantedOf } from "./wanted.ts";

/** What the program tells its user, beside the outputs of its apps. */
export interface ClusterOutputs {
  /** The cloud's machines, as the portal lists them. */
  readonly inventory: pulumi.Output<InventoryLine[]>;
  /** For kubectl on a member of the overlay; secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Node names and overlay addresses, hub first. */
  readonly overlay: readonly { readonly name: string; readonly address: pulumi.Input<string> }[];
  /** How Netmaker's API is asked, where the overlay is of that kind; secret. */
  readonly netmaker?: NetmakerOverlay["access"];
  /** Join bundles by device, where there are some; secret. */
  readonly joinBundles?: pulumi.Output<Record<string, string>>;
  readonly versions: { readonly k3s: string };
}

/** All outputs of the stack by name. */
export type Outputs = ClusterOutputs & Readonly<Record<string, unknown>>;

/**
 * Builds everything that the settings ask for.
 *
 * @param runs whether the stack's cluster runs already, and serves visitors
 */
export async function fog(loaded: Loaded, apps: Apps, runs: boolean): Promise<Outputs> {
  const { settings } = loaded;
  const all = machines(loaded);
  const { server, workers } = all;
  const overlay = overlayOf(settings, all);
  const invited = joinBundles(loaded, overlay);
  const { k3s } = settings;
  const mirrors = { ...mirrorsOf(wantedOf(apps, settings), k3s.serviceRange), ...k3s.mirrors };
  const cluster = new Cluster("k3s", {
    settings: { ...k3s, mirrors },
    timers: timersOf(settings.failover),
    registryPasswords: loaded.registryPasswords,
    overlay,
    invited,
    ownKernel: !settings.cloud.lab,
    runs,
  });
  keepRecord(settings, apps, cluster.ready);
  const publicAddresses = pulumi.all(workers.map((worker) => worker.publicAddress));
  return {
    ...(await deployApps(apps, { settings, cluster, overlay, publicAddresses })),
    inventory: pulumi.all([server, ...workers].map((machine) => machine.inventory)),
    kubeconfig: cluster.kubeconfig,
    overlay: [overlay.hub, ...overlay.agents, ...invited].map(({ machine, address }) => ({
      name: nodeName(machine),
      address,
    })),
    ...(overlay instanceof NetmakerOverlay ? { netmaker: overlay.access } : {}),
    ...(invited.length === 0 ? {} : { joinBundles: bundlesOf(invited) }),
    versions: { k3s: settings.k3s.version },
  };
}

function bundlesOf(invited: readonly JoinBundle[]): pulumi.Output<Record<string, string>> {
  return pulumi.secret(
    Object.fromEntries(invited.map(({ machine, bundle }) => [nodeName(machine), bundle])),
  );
}
