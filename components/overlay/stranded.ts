/** A change of the overlay's kind may lose devices that nobody reaches. */
import { join } from "node:path";

/** The part of a hub's script that refuses it. */
export const STRANDED_SCRIPT = join(import.meta.dirname, "scripts/stranded.sh");
