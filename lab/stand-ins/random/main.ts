/** Entry point of the plugin. */
import { endWithParent } from "@fogline/pulumi-kit/lifetime";
import { serve } from "@fogline/pulumi-kit/serve";

import { RandomProvider } from "./provider.ts";

endWithParent();
await serve(new RandomProvider());
