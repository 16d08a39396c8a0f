/** All kinds of pictures. */
import type { Results } from "../results.ts";
import type { Summary } from "../summary.ts";
import { dots } from "./dots.ts";
import type { Picture } from "./draw.ts";
import { lines } from "./lines.ts";
import type { Plot } from "./plot.ts";
import { ratios } from "./ratios.ts";
import { timeline } from "./timeline.ts";

/** What a plot shows of a run. @throws ResultsError where a cell's files cannot be read */
export function pictureOf(plot: Plot, results: Results, summary: Summary): Picture {
  switch (plot.kind) {
    case "dots":
      return dots(plot, results, summary);
    case "timeline":
      return timeline(plot, results, summary);
    case "lines":
      return lines(plot, results, summary);
    case "ratios":
      return ratios(plot, results, summary);
  }
}
