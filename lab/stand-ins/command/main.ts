/** Entry point of the plugin; its argument is the engine's address. */
import { listenerAt } from "@fogline/pulumi-kit/messages";
import { endWithParent } from "@fogline/pulumi-kit/lifetime";
import { serve } from "@fogline/pulumi-kit/serve";

import { CommandProvider } from "./provider.ts";

const address = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const provider = new CommandProvider(listenerAt(address));
endWithParent(() => provider.cancel());
await serve(provider);
