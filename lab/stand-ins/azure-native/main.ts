/** Entry point of the plugin. */
import { join } from "node:path";

import { main } from "@pulumi/pulumi/provider/index.js";

import { RUN } from "../../layout.ts";
import { sayTo } from "../shared/engine.ts";
import { endWithParent } from "../shared/lifetime.ts";
import { Cloud } from "./cloud.ts";
import { AzureProvider } from "./provider.ts";

const args = process.argv.slice(2);
endWithParent();
const say = sayTo(args.find((arg) => !arg.startsWith("-")));
await main(new AzureProvider(new Cloud(join(RUN, "cloud.json")), say), args);
