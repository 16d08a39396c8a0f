/** Entry point of the plugin. */
import { join } from "node:path";

import { main } from "@pulumi/pulumi/provider/index.js";

import { RUN } from "../../layout.ts";
import { sayTo } from "../shared/engine.ts";
import { endWithParent } from "../shared/lifetime.ts";
import { Cloud } from "./cloud.ts";
import { LAB } from "./machines.ts";
import { applyFabric, removeBridge } from "./network.ts";
import { AzureProvider } from "./provider.ts";

const args = process.argv.slice(2);
endWithParent();
const say = sayTo(args.find((arg) => !arg.startsWith("-")));
const cloud = new Cloud(join(RUN, "cloud.json"));
const network = { apply: applyFabric, removeBridge };
await main(new AzureProvider(cloud, LAB, network, say), args);
