/** What a test run is made of: steps, in lanes that run side by side, in stages that follow each other. */

/** Which lab a step's tests run on. */
export interface Lab {
  /** Its settings are those of `Pulumi.<stack>.yaml`. */
  readonly stack: string;
  readonly overlay: "wireguard" | "netmaker";
}

/**
 * How a step is counted.
 *
 * - `report` its tests, from the JSON report that Vitest leaves at `<name>.json`; none is one failure
 * - `status` the command is one test of the given name, which passes with exit code 0
 * - `failure` the command is no test: it counts only when it fails
 */
export type Counted =
  | { readonly by: "report" }
  | { readonly by: "status"; readonly test: string }
  | { readonly by: "failure" };

/** One command of a run. */
export interface Step {
  /** Names its log, its report and its line in the table; unique in a plan. */
  readonly name: string;
  readonly command: readonly string[];
  /** Variables beside those that the run was started with. */
  readonly env?: Readonly<Record<string, string>>;
  /** `lab`: it makes a lab or is run on one, which takes root as well. */
  readonly needs: "nothing" | "root" | "lab";
  readonly counted: Counted;
  /** Absent for a step whose tests run on no lab. */
  readonly lab?: Lab;
  /** It runs only where the step before it in its lane failed, and mends what that left. */
  readonly onlyAfterFailure?: true;
  /** What does not run any more when the step fails; default: everything else runs. */
  readonly ends?: "lane" | "run";
}

/** Steps that follow each other. */
export interface Lane {
  readonly steps: readonly Step[];
  /** Added to the niceness of the lane's processes, 0 to 19; default 0. */
  readonly niceness?: number;
  /** Name of the second computer that its commands are run on; default: this one. */
  readonly computer?: string;
}

/** Lanes that run side by side; a stage begins when all lanes of the one before have ended. */
export type Stage = readonly Lane[];

/** A whole run. */
export type Plan = readonly Stage[];

/** Every step of a plan, in the order in which they are written down. */
export function stepsOf(plan: Plan): Step[] {
  return plan.flatMap((stage) => stage.flatMap(({ steps }) => steps));
}
