/** Entry point of the plugin. */
import { endWithParent } from "../../../../provider/lifetime.ts";
import { serve } from "../../../../provider/serve.ts";
import { NetmakerProvider } from "./provider.ts";

endWithParent();
await serve(new NetmakerProvider());
