/** Entry point of the plugin; its argument is the engine's address. */
import { listenerAt } from "../../../provider/engine.ts";
import { endWithParent } from "../../../provider/lifetime.ts";
import { serve } from "../../../provider/serve.ts";
import { CommandProvider } from "./provider.ts";

const address = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const provider = new CommandProvider(listenerAt(address));
endWithParent(() => provider.cancel());
await serve(provider);
