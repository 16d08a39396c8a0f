/** Errors with which Azure refuses a request. */

/** One reason why Azure refuses a request. */
export interface Refusal {
  /** Property by azure-native's names, e.g. `securityRules[1].priority`; empty for the whole. */
  readonly path: string;
  /** Azure's error code. `ReadOnlyProperty` alone is ours: Azure passes over such a value in silence. */
  readonly code: string;
  /** Azure's message, where it is known. */
  readonly message: string;
}

/** A refusal as the Azure SDKs print it. */
export function describeRefusal({ code, message }: Refusal): string {
  return `Code="${code}" Message="${message}"`;
}

/** What Azure's compute answers where a value has to be given. */
export function required(path: string): Refusal {
  return {
    path,
    code: "InvalidParameter",
    message: `Required parameter '${path}' is missing (null).`,
  };
}
