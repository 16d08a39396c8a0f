/** Stages of a load as spans of a cell, and their measures. Pure. */
import { failedIn, latencyIn, type Span, type Statistic } from "./measures.ts";
import type { Measure, Seconds, Stage } from "./model.ts";

/** Seconds at the begin of a stage that no measure looks at: what came before it is over by then. */
export const SETTLE: Seconds = 5;

/** Stages of one kind, which follow each other. */
export interface Block {
  /** In names, e.g. `busy`. */
  readonly name: string;
  /** In labels, e.g. `with background load`. */
  readonly label: string;
  readonly stages: readonly Stage[];
}

/** A stage in its block, and when it counts. */
export interface StageSpan extends Span {
  readonly block: Block;
  readonly visitsPerSecond: number;
}

/** When each stage counts, block after block. */
export function stageSpans(blocks: readonly Block[]): readonly StageSpan[] {
  let begin: Seconds = 0;
  return blocks.flatMap((block) =>
    block.stages.map(({ visitsPerSecond, seconds }) => {
      const from = begin + SETTLE;
      begin += seconds;
      return {
        ...{ block, visitsPerSecond, from, to: begin },
        name: `${block.name}_${visitsPerSecond}`,
        label: `at ${visitsPerSecond}/s ${block.label}`,
      };
    }),
  );
}

/** When blocks end, seconds. */
export function ends(blocks: readonly Block[]): readonly Seconds[] {
  let end: Seconds = 0;
  return blocks.map(({ stages }) => {
    end += stages.reduce((sum, { seconds }) => sum + seconds, 0);
    return end;
  });
}

/** Statistics of each stage, and of each block its failed visits. */
export function stageMeasures(
  blocks: readonly Block[],
  statistics: readonly Statistic[],
): readonly Measure[] {
  const spans = stageSpans(blocks);
  return [
    ...statistics.flatMap((statistic) => spans.map((span) => latencyIn(span, statistic))),
    ...blocks.map((block, n) => {
      const { name, label } = block;
      return failedIn({ name, label, from: ends(blocks)[n - 1] ?? 0, to: ends(blocks)[n] ?? 0 });
    }),
  ];
}

/** Name of a stage's measure. */
export function measureOf(span: StageSpan, statistic: Statistic): string {
  return latencyIn(span, statistic).name;
}
