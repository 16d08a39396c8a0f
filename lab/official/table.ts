/** The table of behaviours, by plugin. */
import type { PluginBehaviour } from "./behaviour.ts";
import { COMMAND } from "./command.ts";
import { KUBERNETES } from "./kubernetes.ts";
import { RANDOM } from "./random.ts";

/** Plugins that have behaviours to be tried. */
export type PluginPart = "command" | "kubernetes" | "random";

/** Behaviours of each plugin. Those of Netmaker's server are its contract suite. */
export const PLUGIN_BEHAVIOURS: Readonly<Record<PluginPart, readonly PluginBehaviour[]>> = {
  command: COMMAND,
  kubernetes: KUBERNETES,
  random: RANDOM,
};
