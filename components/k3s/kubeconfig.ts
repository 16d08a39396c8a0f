/** What a kubeconfig says, and one for another user of the same cluster; without Pulumi's SDK. */
import { X509Certificate } from "node:crypto";

import { parse, stringify } from "yaml";

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }];
}

/**
 * A kubeconfig for the same cluster as another user.
 *
 * @param token that of the user's service account
 */
export function kubeconfigOf(administrator: string, token: string): string {
  const { clusters } = parse(administrator) as Kubeconfig;
  const { server, "certificate-authority-data": ca } = clusters[0].cluster;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fogline", cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: "node", user: { token: token.trim() } }],
    contexts: [{ name: "fogline", context: { cluster: "fogline", user: "node" } }],
    "current-context": "fogline",
  });
}

/** When the administrator's certificate ends; undefined where the kubeconfig holds none. */
export function endOf(kubeconfig: string): Date | undefined {
  const { users } = parse(kubeconfig) as Partial<Kubeconfig>;
  const encoded = users?.[0].user["client-certificate-data"];
  return encoded === undefined
    ? undefined
    : new Date(new X509Certificate(Buffer.from(encoded, "base64")).validTo);
}
