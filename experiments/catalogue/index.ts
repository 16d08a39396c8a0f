/** All experiments. */
import type { Experiment } from "../model.ts";
import { FAILOVER } from "./failover.ts";
import { FALSE_ALARMS } from "./false-alarms.ts";
import { FAULTS } from "./faults.ts";
import { MAINTENANCE } from "./maintenance.ts";
import { RESPONSE_TIME } from "./response-time.ts";

export const EXPERIMENTS: readonly Experiment[] = [
  ...FAILOVER,
  FAULTS,
  FALSE_ALARMS,
  MAINTENANCE,
  ...RESPONSE_TIME,
];
