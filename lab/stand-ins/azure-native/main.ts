/** Entry point of the plugin; its argument is the engine's address. */
import { join } from "node:path";

import { sayTo } from "@fogline/pulumi-kit/messages";
import { endWithParent } from "@fogline/pulumi-kit/lifetime";
import { serve } from "@fogline/pulumi-kit/serve";

import { Unreported } from "../../engine/unreported.ts";
import { RUN } from "../../layout.ts";
import { Cloud } from "./cloud.ts";
import { LAB } from "./machines.ts";
import { applyFabric, removeBridge } from "./network.ts";
import { AzureProvider } from "./provider.ts";

const address = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
endWithParent();
const cloud = new Cloud(join(RUN, "cloud.json"));
const network = { apply: applyFabric, removeBridge };
await serve(new AzureProvider(cloud, new Unreported(), LAB, network, sayTo(address)));
