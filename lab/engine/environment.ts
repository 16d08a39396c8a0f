/** What every CLI process of the lab's engine runs with. */
import { join } from "node:path";

import { RUN } from "../layout.ts";
import { ENGINE } from "./config.ts";
import { STATE } from "./state.ts";

/** Environment of every CLI process of the engine; nothing in it is secret. */
export const ENVIRONMENT = {
  PULUMI_HOME: join(ENGINE, "home"),
  // Without files of attributes beside the state's: they are not written at once, and one that a
  // kill left empty makes the state unreadable.
  PULUMI_BACKEND_URL: `file://${STATE}?metadata=skip`,
  PULUMI_CONFIG_PASSPHRASE_FILE: join(RUN, "operator", "passphrase"),
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  PULUMI_DIY_BACKEND_NO_LEGACY_WARNING: "true",
};
