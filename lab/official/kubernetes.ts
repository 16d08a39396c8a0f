/** What the official kubernetes provider does that the product relies on or has to cope with. */
import type { PluginBehaviour } from "./behaviour.ts";

export const KUBERNETES: readonly PluginBehaviour[] = [];
