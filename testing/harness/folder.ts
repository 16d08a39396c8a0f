/** Where a test run keeps its files. */
import { join } from "node:path";

import { PROJECT } from "../../lab/layout.ts";

/** Logs, reports and the result of the last run. */
export const FOLDER = join(PROJECT, ".fogline", "tests");
