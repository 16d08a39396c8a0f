/** All experiments. */
import type { Experiment } from "../model.ts";
import { FAILOVER } from "./failover.ts";
import { FAULTS } from "./faults.ts";

export const EXPERIMENTS: readonly Experiment[] = [...FAILOVER, FAULTS];
