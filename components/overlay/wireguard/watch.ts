/** What looks after the tunnel of a member that dials the hub: a program and the units that run it. */
import { join } from "node:path";

import type { Values } from "../../remote/render.ts";
import { readScript } from "../../remote/script.ts";
import { unitFile } from "../../remote/unit-file.ts";

/** Path of the program and name of its units, as `member.sh` has them. */
const NAME = "fogline-overlay-watch";

/** Values of `member.sh`: the program, and the text of each unit's file. */
export function watchValues(): Values {
  return {
    WATCH: readScript(join(import.meta.dirname, "scripts/watch.sh")),
    WATCH_SERVICE: unitFile({
      Unit: {
        Description: "Give a silent tunnel to the hub another port",
        After: "wg-quick@fogline0.service",
      },
      Service: {
        Type: "oneshot",
        ExecStart: `/usr/local/sbin/${NAME}`,
        // Its coming and going is no news: only what it says is logged.
        LogLevelMax: "notice",
      },
    }),
    WATCH_TIMER: unitFile({
      Unit: { Description: "Look after the tunnel to the hub" },
      Timer: { OnActiveSec: "3min", OnUnitActiveSec: "30s", AccuracySec: "10s" },
      Install: { WantedBy: "timers.target" },
    }),
  };
}
