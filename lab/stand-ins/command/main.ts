/** Entry point of the plugin. */
import { main } from "@pulumi/pulumi/provider/index.js";

import { sayTo } from "../shared/engine.ts";
import { endWithParent } from "../shared/lifetime.ts";
import { CommandProvider } from "./provider.ts";

const args = process.argv.slice(2);
endWithParent();
await main(new CommandProvider(sayTo(args.find((arg) => !arg.startsWith("-")))), args);
