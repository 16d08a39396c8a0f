/** Settings → stack → outputs. */
import { load } from "./config/load.ts";
import { fog } from "./stacks/fog.ts";
import { refuseChanges } from "./stacks/record.ts";

const loaded = load();
await refuseChanges(loaded.settings);

export default fog(loaded);
