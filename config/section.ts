/** A section of the stack file: what may be written in it, and what it must agree with. Pure. */
import type { z } from "zod";

import type { Known } from "./known.ts";
import type { Problem } from "./problems.ts";
import type { Transition } from "./transition-kind.ts";

/**
 * One section of the stack file beside those of the program itself. `S` is its schema, `R` what of
 * its settings is recorded in the stack's state.
 *
 * A list of sections has the type `Section` without parameters. TypeScript compares the parameters of
 * methods in both directions, so every section fits; each is only ever called with its own settings.
 */
export interface Section<S extends z.ZodObject = z.ZodObject, R = unknown> {
  /** Values, defaults and documentation: every field has a `describe` or `meta` (docs/add-an-app.md). */
  readonly schema: S;
  /**
   * Rules between settings of the section, and between them and other sections.
   *
   * @param own the section's parsed values; a setting that is wrong in itself is left out
   * @param known the program's own sections, in the same way
   */
  rules?(own: Partial<z.output<S>>, known: Known): Problem[];
  /** What a later change is compared with. */
  readonly record?: Recorded<z.output<S>, R>;
}

/** Settings whose change a running cluster may not survive. */
export interface Recorded<T, R> {
  /** What is written into the stack's state: a plain object, no secret. */
  keep(own: T): R;
  /** Every dangerous change between two records. */
  changes(before: R, after: R): Transition[];
}

/** Sections by name, as a list of apps brings them. */
export type Sections = Readonly<Record<string, { readonly settings: Section }>>;

/** Settings of some sections, with defaults filled in. */
export type SettingsOf<A extends Sections> = {
  readonly [Name in keyof A]: Readonly<z.output<A[Name]["settings"]["schema"]>>;
};

/** Declares a section; the compiler checks its rules against its schema. */
export function section<S extends z.ZodObject, R = never>(
  definition: Section<S, R>,
): Section<S, R> {
  return definition;
}
