/** Whether a program's configuration was given encrypted: the SDK knows, and offers it to itself alone. */
import * as pulumi from "@pulumi/pulumi";

interface Internals {
  readonly isConfigSecret?: (key: string) => boolean;
}

/**
 * Whether the engine says that a key holds a secret; of a structured value, that some part of it is one.
 *
 * @param key full key, e.g. `project:name`
 * @throws Error where another SDK knows it no more
 */
export function isSecretConfig(key: string): boolean {
  const { isConfigSecret } = pulumi.runtime as Internals;
  if (isConfigSecret === undefined) {
    throw new Error(
      "this @pulumi/pulumi has no runtime.isConfigSecret: use the version of package.json",
    );
  }
  return isConfigSecret(key);
}
