/** All experiments. */
import type { Experiment } from "../model.ts";
import { FAILOVER } from "./failover.ts";
import { RESPONSE_TIME } from "./response-time.ts";

export const EXPERIMENTS: readonly Experiment[] = [...FAILOVER, ...RESPONSE_TIME];
