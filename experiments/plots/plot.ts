/** Pictures as data: which measures of an experiment are drawn, and how. */

/** What every picture has. */
interface Named {
  /** The file's name, without `.svg`; one per experiment. */
  readonly name: string;
  /** What is to be seen, in a few words; stands above the picture. */
  readonly title: string;
}

/** A dot per repetition, a bar for the median, a row per variant: for times such as those of a failover. */
export interface DotsPlot extends Named {
  readonly kind: "dots";
  /** Names of measures of one unit; each gets a panel. */
  readonly measures: readonly string[];
  /** Under the axis, with the unit, e.g. `time since the fault, s`. */
  readonly axis: string;
}

/** Every request of one cell per variant over time, with what was done and seen. */
export interface TimelinePlot extends Named {
  readonly kind: "timeline";
  /** Each variant's cell is the one whose value of this measure is the median. */
  readonly measure: string;
  /**
   * Seconds whose requests become one dot, their median, on a line from the shortest to the 95th percentile: for runs
   * of more requests than a picture can hold. Failed ones stay marks of their own. Default: every request is a dot.
   */
  readonly bin?: number | undefined;
  /** Names of variants; all but the A/A copy where none are named. */
  readonly variants?: readonly string[] | undefined;
}

/** A variant's place in a {@link LinesPlot}. */
export interface Point {
  readonly variant: string;
  /** The line that it is on, e.g. `cluster, 2 replicas`. */
  readonly line: string;
  /** Heading of the panel that it is in, e.g. `with background load`. */
  readonly panel: string;
  readonly x: number;
  /** Name of the measure that it shows; default: the plot's. */
  readonly measure?: string | undefined;
}

/** A measure over a number that the variants differ by, e.g. response time over the rate of requests. */
export interface LinesPlot extends Named {
  readonly kind: "lines";
  readonly measure: string;
  /** Under the axis, with the unit, e.g. `requests per second`. */
  readonly xAxis: string;
  readonly yAxis: string;
  /** In order of lines and panels. */
  readonly points: readonly Point[];
}

/** Each variant against the first, with its interval and the A/A spread. */
export interface RatiosPlot extends Named {
  readonly kind: "ratios";
  /** Names of measures; one that has values of 0 has no ratios and is left out. */
  readonly measures: readonly string[];
}

export type Plot = DotsPlot | TimelinePlot | LinesPlot | RatiosPlot;
