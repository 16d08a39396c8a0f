/** All experiments. */
import type { Experiment } from "../model.ts";
import { FAILOVER } from "./failover.ts";
import { FALSE_ALARMS } from "./false-alarms.ts";

export const EXPERIMENTS: readonly Experiment[] = [...FAILOVER, FALSE_ALARMS];
