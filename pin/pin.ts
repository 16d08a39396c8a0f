/**
 * Finds out what is to be pinned and writes it: what could be found is written, what could not is told, all
 * of it at once.
 */
import { parseRef } from "../lab/toolchain/image-registry.ts";
import { YamlFile } from "./document.ts";
import type { PinError } from "./error.ts";
import { PINNED, type PinnedImage } from "./pinned.ts";
import { asPinError } from "./releases.ts";
import { archsOf, lockTargets, stackTargets, type Sources, type Target } from "./targets.ts";

/** One value that was found. */
export interface Found {
  readonly label: string;
  readonly old: string | undefined;
  readonly value: string;
  readonly source: string;
  readonly isSum: boolean;
}

/** One value that was not. */
export interface Failed {
  readonly label: string;
  readonly error: PinError;
}

/** What a file holds and what it should hold. */
export interface FileReport {
  /** Absolute path. */
  readonly path: string;
  readonly found: readonly Found[];
  readonly failed: readonly Failed[];
}

/** What one run has found out. */
export interface Report {
  readonly files: readonly FileReport[];
  /** Images that the apps pin, where their tag leads elsewhere today. */
  readonly moved: readonly Found[];
  /** Images that the apps pin and no registry was asked about with success. */
  readonly unknown: readonly Failed[];
}

/** What to pin. */
export interface Request {
  /** The lab's lock, absolute path; undefined leaves it alone. */
  readonly lock?: string | undefined;
  /** A stack's file, absolute path; undefined for none. */
  readonly stack?: string | undefined;
  /** Look, and write nothing. */
  readonly check: boolean;
}

/** Requests under way at once: registries and GitHub count them for each address. */
const AT_ONCE = 6;

/**
 * Pins what the lock and the stack's file name.
 *
 * @param apps images that apps pin, compared where a stack is given; default: the project's
 * @throws PinError when a file cannot be read, before anything is asked or written
 */
export async function pin(
  { lock, stack, check }: Request,
  sources: Sources,
  apps: readonly PinnedImage[] = PINNED,
): Promise<Report> {
  const lockFile = lock === undefined ? undefined : new YamlFile(lock);
  const stackFile = stack === undefined ? undefined : new YamlFile(stack);
  const jobs = [
    ...(lockFile === undefined ? [] : [{ file: lockFile, to: lockTargets(lockFile, sources) }]),
    ...(stackFile === undefined ? [] : [{ file: stackFile, to: stackTargets(stackFile, sources) }]),
  ];
  const slots = new Slots(AT_ONCE);
  const files = await Promise.all(
    jobs.map(async ({ file, to }) => {
      const outcomes = await Promise.all(to.map((target) => slots.run(() => findOne(target))));
      if (!check) {
        for (const { target, found } of outcomes) {
          if (found !== undefined && found.value !== target.old) {
            file.set(target.path, target.write(found.value));
          }
        }
        file.save();
      }
      return { path: file.path, ...split(outcomes) };
    }),
  );
  const archs = stackFile === undefined ? [] : archsOf(stackFile);
  const others = await Promise.all(
    (stackFile === undefined ? [] : apps).map(({ label, image }) =>
      slots.run(() => compare(label, image, archs, sources)),
    ),
  );
  const { found, failed } = split(others);
  return { files, moved: found.filter(({ old, value }) => old !== value), unknown: failed };
}

/** Whether the files hold what they should, as far as it could be found out. */
export function isInOrder({ files }: Report, check: boolean): boolean {
  return files.every(
    ({ found, failed }) =>
      failed.length === 0 && (!check || found.every(({ old, value }) => old === value)),
  );
}

interface Outcome {
  readonly target: Target;
  readonly found?: Found;
  readonly failed?: Failed;
}

async function findOne(target: Target): Promise<Outcome> {
  const { label, old, isSum } = target;
  try {
    const { value, source } = await target.find();
    return { target, found: { label, old, value, source, isSum } };
  } catch (error) {
    return { target, failed: { label, error: asPinError(error) } };
  }
}

function compare(
  label: string,
  image: string,
  archs: readonly string[],
  { registries }: Sources,
): Promise<Outcome> {
  const ref = parseRef(image);
  if (ref === undefined) {
    throw new Error(`${label} pins ${image}, which is no image`);
  }
  return findOne({
    label: `${label}: ${image.split("@")[0] ?? ""}`,
    path: [],
    old: ref.digest,
    isSum: false,
    find: () => registries.pin(ref, archs),
    write: (value) => value,
  });
}

function split(outcomes: readonly Outcome[]): { found: Found[]; failed: Failed[] } {
  return {
    found: outcomes.flatMap(({ found }) => found ?? []),
    failed: outcomes.flatMap(({ failed }) => failed ?? []),
  };
}

/** A number of places for work; what finds none waits. */
class Slots {
  readonly #waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.free -= 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.free += 1;
      } else {
        next();
      }
    }
  }
}
