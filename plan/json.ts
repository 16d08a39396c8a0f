/** A plan as JSON, for scripts: the same content as the Markdown, without the resources' inputs. */
import { writePath, type Change } from "./changes.ts";
import { writePorts } from "./firewall.ts";
import { isRefused, type Report } from "./report.ts";
import { hideSeals } from "./seal.ts";
import type { Planned } from "./snapshot.ts";

/** The whole plan as JSON text. */
export function json(report: Report): string {
  const { view, difference, failure, ...rest } = report;
  const content = {
    ...rest,
    refused: isRefused(report),
    ...(failure === undefined ? {} : { failure }),
    ...(difference && {
      difference: {
        created: difference.created.map(short),
        changed: difference.changed.map(({ after, changes }) => ({
          ...short(after),
          changes: changes.map(field),
        })),
        replaced: difference.replaced.map(({ after, changes, reasons }) => ({
          ...short(after),
          reasons: reasons.map(({ path, why }) => ({ path: writePath(path), why })),
          changes: changes.map(field),
        })),
        destroyed: difference.destroyed.map(short),
        unchanged: difference.unchanged,
      },
    }),
    ...(view && {
      resources: view.resources.map(short),
      firewall: view.firewall.map((row) => ({ ...row, port: writePorts(row) })),
      closed: view.closed,
      addresses: view.addresses,
      ...(view.cores && { cores: view.cores }),
      ...(view.cost && {
        cost: { ...view.cost, missing: view.cost.missing.map(({ what, fix }) => ({ what, fix })) },
      }),
      images: view.images,
      rollouts: view.rollouts,
      ...(view.unread !== undefined && { unread: view.unread }),
      policies: view.policies,
    }),
  };
  return `${hideSeals(JSON.stringify(content, undefined, 2))}\n`;
}

function short({ urn, type, name, parent, protect, retainOnDelete }: Planned): object {
  return { urn, type, name, ...(parent && { parent }), protect, retainOnDelete };
}

function field({ path, before, after }: Change): object {
  return { path: writePath(path), before: before ?? null, after: after ?? null };
}
