/** The scripts of a Netmaker network's machines, but its server's. */
import { join } from "node:path";

import { FILES_SCRIPT, FIRST_BOOT_SCRIPT, TOOLS_SCRIPT } from "../../remote/script.ts";
import { NAMES_SCRIPT } from "../hosts-file.ts";
import { STRANDED_SCRIPT } from "../stranded.ts";
import { PROGRAM_SCRIPT } from "./program.ts";

/** Makes the master the network's host. */
export const HUB_SCRIPT = [FILES_SCRIPT, PROGRAM_SCRIPT, STRANDED_SCRIPT, script("hub.sh")];

/** Tells the hub the members' names. */
export const HUB_NAMES_SCRIPT = [NAMES_SCRIPT, script("hub-names.sh")];

/** Joins a machine of the cloud, which reaches the hub by a route. */
export const REACH_SCRIPT = [TOOLS_SCRIPT, FIRST_BOOT_SCRIPT, NAMES_SCRIPT, script("reach.sh")];

function script(file: string): string {
  return join(import.meta.dirname, "scripts", file);
}
