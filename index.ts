/** Settings → stack → outputs. */
import { load } from "./config/load.ts";
import { fog } from "./stacks/fog.ts";

export default fog(load());
