/** Entry point of the plugin. */
import { main } from "@pulumi/pulumi/provider/index.js";

import { endWithParent } from "../shared/lifetime.ts";
import { RandomProvider } from "./provider.ts";

endWithParent();
await main(new RandomProvider(), process.argv.slice(2));
