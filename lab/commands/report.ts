/** What `make status` prints, as lines. */
import type { Apps } from "../../apps/app.ts";
import type { PodGroup } from "../../apps/network-policy.ts";

/** A node, as far as it is shown. */
export interface Node {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo: { readonly kubeletVersion: string };
  };
}

/** A pod, as far as it is shown. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase: string };
}

/** One line per node: whether it is ready, and its pods. */
export function nodeLines(nodes: readonly Node[], pods: readonly Pod[]): string[] {
  return nodes.flatMap(({ metadata: { name }, status: { conditions, addresses, nodeInfo } }) => {
    const ready = conditions.some((each) => each.type === "Ready" && each.status === "True");
    const address = addresses?.find((each) => each.type === "InternalIP")?.address ?? "?";
    const here = pods.filter((pod) => pod.spec.nodeName === name);
    return [
      `${name}  ${ready ? "Ready" : "NOT READY"}  ${address}  ${nodeInfo.kubeletVersion}  ${here.length} pods`,
      ...here.map((pod) => `  ${pod.metadata.namespace}/${pod.metadata.name}  ${pod.status.phase}`),
    ];
  });
}

/**
 * One line for each app: how many of its pods run, and where it is reached. One without pods is off.
 *
 * @param outputs of the stack
 */
export function appLines(
  apps: Apps,
  pods: readonly Pod[],
  outputs: Readonly<Record<string, unknown>>,
): string[] {
  const width = Math.max(...Object.keys(apps).map((name) => name.length));
  return Object.entries(apps).map(([name, app]) => {
    const own = pods.filter((pod) => belongsTo(pod, app.pods));
    const running = own.filter(({ status }) => status.phase === "Running").length;
    const url = outputs[`${name}Url`];
    const state = own.length === 0 ? "off" : `${running} of ${own.length} pods run`;
    return `${name.padEnd(width)}  ${state}${typeof url === "string" ? `  ${url}` : ""}`;
  });
}

function belongsTo({ metadata }: Pod, { namespace, labels }: PodGroup): boolean {
  return (
    metadata.namespace === namespace &&
    Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value)
  );
}

/** When the cluster's certificates end; `up` renews them before. */
export function certificateLine(end: Date, now: Date): string {
  const days = Math.floor((end.getTime() - now.getTime()) / 86_400_000);
  const day = end.toISOString().slice(0, 10);
  return `certificates: ${days < 0 ? `ended on ${day}` : `good for ${days} days, until ${day}`}`;
}

/** What one request was answered with. */
export interface Answer {
  readonly ok: boolean;
  readonly pod: string;
  readonly node: string;
}

/** Shares of the answers per node and pod, the largest first. */
export function shareLines(answers: readonly Answer[]): string[] {
  const counts = new Map<string, number>();
  for (const { ok, pod, node } of answers) {
    const key = ok ? `${node} / ${pod}` : `failed: ${pod}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([key, count]) => `${((100 * count) / answers.length).toFixed(0).padStart(4)} %  ${key}`);
}
