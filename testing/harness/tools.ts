/**
 * Builds or fetches the lab's programs that tests beside the lab use as well. Where two processes made
 * one of them at the same time, the second would replace the first's while it runs.
 * Usage: node --import tsx testing/harness/tools.ts
 */
import prepare from "../../lab/testing/netmaker/global-setup.ts";

await prepare();
