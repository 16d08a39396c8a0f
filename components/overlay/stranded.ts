/** A change of the overlay's kind would cut off devices that joined with a bundle. */
import { join } from "node:path";

/** The part of a hub's script that refuses it. */
export const STRANDED_SCRIPT = join(import.meta.dirname, "scripts/stranded.sh");
