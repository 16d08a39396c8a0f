/**
 * Netmaker's contract suite on the stand-in server, with its broker. On another server the same suite
 * runs by `npm run contract:netmaker`, on an official one in ARTIFACTS by `make official-check`.
 * Usage: node --import tsx testing/harness/contract.ts [vitest option …]
 */
import { runContract } from "../../lab/official/netmaker.ts";

process.exitCode = (await runContract(undefined, process.argv.slice(2))).exitCode;
