/** What a change of the database's image or volume does to the votes that are there. Pure. */
import { mind, refuse, type Transition } from "../../config/transition-kind.ts";

/** The settings that a later change is compared with. */
export interface DatabaseRecord {
  readonly image: string;
  readonly storage: string;
}

/** Every dangerous change between two states of the database's settings. */
export function databaseTransitions(before: DatabaseRecord, after: DatabaseRecord): Transition[] {
  return [
    ...imageChange(before.image, after.image),
    ...storageChange(before.storage, after.storage),
  ];
}

interface Postgres {
  readonly repository: string;
  readonly tag: string | undefined;
  readonly major: number | undefined;
  readonly digest: string;
}

const MOVE = "dump the votes, make the volume anew and restore them: the recipe is in docs/plan.md";

function imageChange(before: string, after: string): Transition[] {
  if (before === after) {
    return [];
  }
  const [was, is] = [postgresOf(before), postgresOf(after)];
  const path = "database.image";
  const change = `changes from ${nameOf(was)} to ${nameOf(is)}: `;
  if (was.repository !== is.repository && last(was.repository) !== last(is.repository)) {
    return [
      mind(
        path,
        `${change}another build may keep its files elsewhere, or as another user`,
        "try it on a copy of the data first; the image must have the contract of the official one",
      ),
    ];
  }
  if (was.major !== undefined && is.major !== undefined && was.major !== is.major) {
    return [
      refuse(
        path,
        `${change}PostgreSQL ${is.major} does not start on the files of PostgreSQL ${was.major}`,
        `put ${was.major} back; to change it, ${MOVE}`,
      ),
    ];
  }
  if (isAlpine(was) !== isAlpine(is)) {
    return [
      refuse(
        path,
        `${change}Alpine's C library sorts text otherwise, so that indexes are wrong, and its postgres has another user id, which cannot read the files`,
        `stay with ${nameOf(was)}; to change it, ${MOVE}`,
      ),
    ];
  }
  if (systemOf(was) !== systemOf(is)) {
    return [
      mind(
        path,
        `${change}another system's C library may sort text otherwise`,
        "run REINDEX DATABASE poll afterwards, or dump and restore",
      ),
    ];
  }
  return was.major === undefined || is.major === undefined || was.tag === is.tag
    ? [
        mind(
          path,
          `${was.tag === is.tag && was.tag !== undefined ? `stays ${nameOf(is)} by its tag, but the digest changes` : `${change}a tag is missing`}: which version that is, only the registry knows; it restarts the database`,
          "compare both with: docker buildx imagetools inspect; a change of the major version needs dump and restore",
        ),
      ]
    : [];
}

function postgresOf(image: string): Postgres {
  const [name = "", digest = ""] = image.split("@");
  const found = /^(.*\/[^/:]+)(?::([^/]+))?$/.exec(name);
  const tag = found?.[2];
  const major = /^(\d+)/.exec(tag ?? "")?.[1];
  return {
    repository: found?.[1] ?? name,
    tag,
    major: major === undefined ? undefined : Number(major),
    digest,
  };
}

function nameOf({ repository, tag }: Postgres): string {
  return `${last(repository)}${tag === undefined ? "" : `:${tag}`}`;
}

function last(repository: string): string {
  return repository.split("/").at(-1) ?? repository;
}

function isAlpine({ tag }: Postgres): boolean {
  return /alpine/.test(tag ?? "");
}

/** The release of Debian or Alpine that a tag names, if it names one. */
function systemOf({ tag }: Postgres): string | undefined {
  return /-([a-z]+[\d.]*)$/.exec(tag ?? "")?.[1];
}

function storageChange(before: string, after: string): Transition[] {
  const [was, is] = [mebibytes(before), mebibytes(after)];
  if (was === is) {
    return [];
  }
  return is < was
    ? [
        refuse(
          "database.storage",
          `shrinks from ${before} to ${after}: a volume cannot be made smaller`,
          `put ${before} back; to change it, ${MOVE}`,
        ),
      ]
    : [
        mind(
          "database.storage",
          `grows from ${before} to ${after}: Kubernetes changes no claim of a StatefulSet, so the volume that is there keeps its size`,
          `put ${before} back, or ${MOVE}`,
        ),
      ];
}

function mebibytes(quantity: string): number {
  return Number.parseInt(quantity, 10) * (quantity.endsWith("Gi") ? 1024 : 1);
}
