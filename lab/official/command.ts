/** What the official command provider does that the product relies on or has to cope with. */
import type { PluginBehaviour } from "./behaviour.ts";

export const COMMAND: readonly PluginBehaviour[] = [];
