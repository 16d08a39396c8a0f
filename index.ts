/** Settings → stack → outputs. */
import { load } from "./config/load.ts";
import { fog } from "./stacks/fog.ts";

export const {
  websiteUrl,
  websiteUrls,
  inventory,
  kubeconfig,
  overlay,
  netmaker,
  joinBundles,
  versions,
} = fog(load());
