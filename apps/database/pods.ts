/** The database's pod, as others name it; without Pulumi's SDK, like everything that a definition loads. */
import type { PodGroup } from "../network-policy.ts";

/** Its name, and that of its objects. */
export const NAME = "database";
/** Its pod. It lies beside the website, whose votes it keeps. */
export const PODS: PodGroup = { namespace: "website", labels: { app: NAME } };
/** Port that it listens on. */
export const PORT = 5432;
