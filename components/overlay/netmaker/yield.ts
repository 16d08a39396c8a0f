/** What has the hub make way for another kind of overlay: a program and the unit that runs it. */
import { join } from "node:path";

import type { Values } from "../../remote/render.ts";
import { readScript } from "../../remote/script.ts";
import { unitFile } from "../../remote/unit-file.ts";

/** The hub of plain WireGuard, which has the same address and port. */
const OTHER = "wg-quick@fogline0.service";

/** Values of `hub.sh`: the program, and the text of its unit's file. */
export function yieldValues(): Values {
  return {
    YIELD: readScript(join(import.meta.dirname, "scripts/yield.sh")),
    // The two units cannot stand together: the start of one is the end of the other.
    YIELD_SERVICE: unitFile({
      Unit: {
        Description: "Leave the Netmaker network when the hub of plain WireGuard starts",
        Conflicts: OTHER,
        After: OTHER,
      },
      Service: {
        Type: "oneshot",
        RemainAfterExit: "yes",
        ExecStart: "/bin/true",
        ExecStop: "/usr/local/sbin/fogline-netmaker-yield",
      },
      Install: { WantedBy: "multi-user.target" },
    }),
  };
}
