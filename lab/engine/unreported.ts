/**
 * Creations that began and were never reported to an engine, because it or the plugin was killed. Azure
 * may have made the resource or not; with a real subscription a person settles that one by one
 * (`pulumi refresh --import-pending-creates`). The lab's cloud writes down what it begins until it
 * can report it, and the engine what it clears from its state; the cloud takes such a resource up
 * instead of refusing to create it twice.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { replaceFile } from "../files.ts";
import { RUN } from "../layout.ts";

/** Where they are written down. */
export const UNREPORTED = join(RUN, "unreported.json");

/** Adds creations by their URN. */
export function addUnreported(urns: readonly string[], file = UNREPORTED): void {
  if (urns.length > 0) {
    write(new Set([...load(file), ...urns]), file);
  }
}

/** Creations that were never reported. */
export class Unreported {
  private readonly urns: Set<string>;

  constructor(private readonly file = UNREPORTED) {
    this.urns = load(file);
  }

  has(urn: string | undefined): boolean {
    return urn !== undefined && this.urns.has(urn);
  }

  /** It begins. */
  begin(urn: string): void {
    if (!this.urns.has(urn)) {
      this.urns.add(urn);
      write(this.urns, this.file);
    }
  }

  /** Removes an entry: the creation is reported now, or the resource is gone. */
  forget(urn: string | undefined): void {
    if (urn !== undefined && this.urns.delete(urn)) {
      write(this.urns, this.file);
    }
  }
}

function load(file: string): Set<string> {
  return new Set(existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : []);
}

function write(urns: ReadonlySet<string>, file: string): void {
  replaceFile(file, `${JSON.stringify([...urns], undefined, 2)}\n`);
}
