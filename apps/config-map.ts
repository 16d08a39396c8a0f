/** ConfigMaps that are called by their content. */
import { createHash } from "node:crypto";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Settings that pods read, by key; values are text. */
type Data = Readonly<Record<string, string>>;

/**
 * Makes an immutable ConfigMap whose name follows from its content: `<metadata.name>-<ten hex digits>`.
 *
 * Other content is another ConfigMap, made before the old one goes. Pods that name it are replaced by their
 * controller's own rules, and those that are left can still start with theirs. Under a fixed name Pulumi's
 * provider would delete it first, and with it whatever depends on it.
 */
export function createConfigMap(
  name: string,
  metadata: k8s.types.input.meta.v1.ObjectMeta & { readonly name: string },
  data: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.ConfigMap {
  const known: pulumi.Output<Data> = pulumi.output(data);
  const called = known.apply((content) => `${metadata.name}-${contentHash(content)}`);
  return new k8s.core.v1.ConfigMap(
    name,
    { metadata: { ...metadata, name: called }, data: known, immutable: true },
    opts,
  );
}

/** Ten hex digits that differ when a value or a key does. */
function contentHash(data: Data): string {
  const sorted = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 10);
}
