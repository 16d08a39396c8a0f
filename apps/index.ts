/**
 * The apps of the program, in the order in which messages name them. A new one is a folder of this
 * directory and a line here: docs/add-an-app.md.
 */
import { dashboard } from "./dashboard/index.ts";
import { database } from "./database/index.ts";
import { descheduler } from "./descheduler/index.ts";
import { ingress } from "./ingress/index.ts";
import { registry } from "./registry/index.ts";
import { website } from "./website/index.ts";

/** Every app by its name. */
export const APPS = { website, database, ingress, descheduler, dashboard, registry };
