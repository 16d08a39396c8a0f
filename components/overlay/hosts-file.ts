/** Names of members where no DNS server knows them: lines of /etc/hosts. */
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

/** The part of a script that writes them, which is told `NAMES`. */
export const NAMES_SCRIPT = join(import.meta.dirname, "scripts/names.sh");

/** Addresses by their names, as /etc/hosts has them. */
export function hostsLines(
  names: Readonly<Record<string, pulumi.Input<string>>>,
): pulumi.Output<string> {
  return pulumi.output(names).apply((known) =>
    Object.entries(known)
      .map(([name, address]) => `${address} ${name}`)
      .join("\n"),
  );
}
