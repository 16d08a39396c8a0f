/** What one checkout's program declares for one stack: plain data that travels between processes. */
import type { Registered } from "@fogline/pulumi-kit/mock";

import type { Problem } from "../config/problems.ts";
import type { Exemptions } from "../policy/policy.ts";

/** A declared resource; secret values in its inputs are sealed (see seal.ts). */
export type Planned = Omit<Registered, "sealed">;

/** Everything that a program declares. */
export interface Snapshot {
  readonly stack: string;
  /** The settings with their defaults, as the checkout's own schema reads them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Sorted by URN. */
  readonly resources: readonly Planned[];
  /** What the checkout's apps exempt from policies. */
  readonly exemptions: Exemptions;
  /** The program's outputs, secret ones sealed. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** What came of running a program. */
export type Outcome =
  | { readonly kind: "planned"; readonly snapshot: Snapshot }
  /** The stack's settings are wrong: what `pulumi preview` would say, too. */
  | { readonly kind: "problems"; readonly problems: readonly Problem[] }
  | { readonly kind: "failed"; readonly message: string };

/** Files that a plan loads of a checkout. */
export interface Parts {
  /** `index.ts`. */
  readonly program: string;
  /** `config/schema.ts`, which reads the settings. */
  readonly schema: string;
  /** `apps/index.ts`, where there is one: the apps, whose sections the settings have. */
  readonly apps?: string;
}

/** Input of the process that runs a program. */
export interface Task {
  readonly parts: Parts;
  readonly stack: string;
  /** The stack's settings by section, as its file has them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Key of the seals; the same for all runs that are compared. */
  readonly sealKey: string;
}
