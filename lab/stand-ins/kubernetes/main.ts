/** Entry point of the plugin; its argument is the engine's address. */
import { endWithParent } from "@fogline/pulumi-kit/lifetime";
import { serveMethods } from "@fogline/pulumi-kit/serve";

import { createService } from "./service.ts";

const address = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
endWithParent();
await serveMethods(createService(address));
