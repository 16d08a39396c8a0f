/**
 * Faults that are in force at a site, in a file that outlives the run: one that was killed has left them there, and
 * the next run undoes them before it does anything else.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import { replaceFile } from "../lab/files.ts";
import { takeLock } from "../lab/lock.ts";
import { kindOf } from "./faults/index.ts";
import type { Fault } from "./model.ts";
import type { Site } from "./site.ts";

/** Each kind has fields of its own, which are those of the version that wrote them. */
const FAULTS = z.array(z.looseObject({ kind: z.string() }));

export class InForce {
  /** @param file that is there while a fault is in force */
  constructor(private readonly file: string) {}

  /**
   * Keeps others from the site: whoever came second would undo what the first has brought about.
   *
   * @param command what runs, e.g. `drill`
   * @returns lets go of it
   * @throws LockedError naming who is at it
   */
  lock(command: string): () => void {
    return takeLock(command, `${this.file}.lock`);
  }

  /** In the order in which they began. */
  all(): readonly Fault[] {
    return existsSync(this.file)
      ? (FAULTS.parse(JSON.parse(readFileSync(this.file, "utf8"))) as unknown as Fault[])
      : [];
  }

  /** Notes a fault before anything of it is done; one that is noted already stays. */
  add(fault: Fault): void {
    const all = this.all();
    if (!all.some((each) => isDeepStrictEqual(each, fault))) {
      this.#write([...all, fault]);
    }
  }

  /** Notes that a fault is undone, unless what was prepared for it is still there. */
  recovered(fault: Fault): void {
    if (kindOf(fault).clear === undefined) {
      this.#remove(fault);
    }
  }

  /**
   * Undoes all of them, the last first: a machine must run before something on it can be undone. One that cannot
   * be undone keeps none of the others, and stays noted.
   *
   * @param say told what is undone
   * @throws Error that says what could not be undone, and why
   */
  async undo(site: Site, say: (text: string) => void): Promise<void> {
    const failures: string[] = [];
    for (const fault of [...this.all()].reverse()) {
      try {
        const kind = kindOf(fault);
        say(`undoes: ${kind.describe(fault)}`);
        await kind.recover(site, fault);
        await kind.clear?.(site, fault);
        this.#remove(fault);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.push(`${JSON.stringify(fault)}: ${reason}`);
      }
    }
    if (failures.length > 0) {
      throw new Error(
        `not undone:\n${failures.join("\n")}\nfix: mend it, and run the experiment or drill again, which tries ` +
          `anew; or undo it by hand and remove ${this.file}`,
      );
    }
  }

  #remove(fault: Fault): void {
    this.#write(this.all().filter((each) => !isDeepStrictEqual(each, fault)));
  }

  #write(faults: readonly Fault[]): void {
    if (faults.length === 0) {
      rmSync(this.file, { force: true });
      return;
    }
    replaceFile(this.file, `${JSON.stringify(faults, undefined, 2)}\n`);
  }
}
