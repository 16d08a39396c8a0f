/** Entry point of the plugin. */
import { endWithParent } from "../shared/lifetime.ts";
import { serve } from "../shared/serve.ts";
import { RandomProvider } from "./provider.ts";

endWithParent();
await serve(new RandomProvider());
