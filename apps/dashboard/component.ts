/** The operator's view of the cluster (S0-51): nothing of it is public. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { dashboardManifests, type DashboardPlan } from "./manifests.ts";

interface NamedObject {
  readonly metadata: { readonly name: string };
}

/**
 * A dashboard on a cloud node, reached through `kubectl port-forward` alone, with accounts for a
 * viewer and an operator. Costs about 64 MiB of memory.
 */
export class Dashboard extends pulumi.ComponentResource {
  constructor(name: string, plan: DashboardPlan, opts?: pulumi.ComponentResourceOptions) {
    const { kind, image, scraperImage } = plan;
    super("fogline:dashboard:Dashboard", name, { kind, image, scraperImage }, opts);
    const manifests = dashboardManifests(plan);
    const namespace = new k8s.core.v1.Namespace(`${name}-namespace`, manifests.namespace, {
      parent: this,
    });
    // `dashboard-viewer` of the component `dashboard` is its viewer, not its dashboard's viewer.
    const named = ({ metadata }: NamedObject, role: string): string =>
      [name, metadata.name.replace(/^(kubernetes-)?dashboard-?/, ""), role]
        .filter((part) => part !== "")
        .join("-");
    // The manifests name their namespace in plain text, which tells the engine nothing of the order.
    const child = { parent: this, dependsOn: [namespace] };
    const before = [
      ...this.createRights(named, manifests, child),
      ...manifests.secrets.map(
        (secret) => new k8s.core.v1.Secret(named(secret, "secret"), secret, child),
      ),
      ...manifests.configMaps.map(
        (config) => new k8s.core.v1.ConfigMap(named(config, "config"), config, child),
      ),
      ...manifests.networkPolicies.map(
        (policy) => new k8s.networking.v1.NetworkPolicy(named(policy, "policy"), policy, child),
      ),
    ];
    const deployment = new k8s.apps.v1.Deployment(`${name}-deployment`, manifests.deployment, {
      parent: this,
      // Its pod reads its settings, and asks the API, as soon as it runs.
      dependsOn: before,
    });
    new k8s.core.v1.Service(`${name}-service`, manifests.service, {
      parent: this,
      // The Service is waited for until it has an endpoint.
      dependsOn: [deployment],
    });
    this.registerOutputs({});
  }

  private createRights(
    named: (each: NamedObject, role: string) => string,
    manifests: ReturnType<typeof dashboardManifests>,
    child: pulumi.CustomResourceOptions,
  ): pulumi.CustomResource[] {
    const { v1 } = k8s.rbac;
    const accounts = manifests.accounts.map(
      (each) => new k8s.core.v1.ServiceAccount(named(each, "account"), each, child),
    );
    const clusterRoles = manifests.clusterRoles.map(
      (each) => new v1.ClusterRole(named(each, "cluster-role"), each, child),
    );
    const roles = manifests.roles.map((each) => new v1.Role(named(each, "role"), each, child));
    return [
      ...accounts,
      ...clusterRoles,
      ...roles,
      ...manifests.clusterBindings.map(
        (each) => new v1.ClusterRoleBinding(named(each, "cluster-binding"), each, child),
      ),
      ...manifests.bindings.map((each) => new v1.RoleBinding(named(each, "binding"), each, child)),
    ];
  }
}
