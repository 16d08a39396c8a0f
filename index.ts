/** Settings → stack → outputs. */
import { refuseDeadAgent } from "./components/remote/agent.ts";
import { load } from "./config/load.ts";
import { fog } from "./stacks/fog.ts";

await refuseDeadAgent();

export default fog(load());
