/** Settings → stack → outputs. */
import { refuseDeadAgent } from "./components/remote/agent.ts";
import { load } from "./config/load.ts";
import { fog } from "./stacks/fog.ts";
import { refuseChanges } from "./stacks/record.ts";

const loaded = load();
await refuseChanges(loaded.settings);
await refuseDeadAgent();

export default fog(loaded);
