/** All experiments. */
import type { Experiment } from "../model.ts";
import { FAILOVER } from "./failover.ts";

export const EXPERIMENTS: readonly Experiment[] = [...FAILOVER];
