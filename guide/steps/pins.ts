/** Sums and digests of what runs, which the examples leave open. */
import { failed, GuideError } from "../error.ts";
import { makePins } from "../make.ts";
import type { Site, Step } from "../step.ts";

export const pins: Step = {
  name: "pins",
  title: "Sums and digests of what runs",
  check: (site) => {
    const open = openPins(site);
    return Promise.resolve(open.length === 0 ? "all are written" : undefined);
  },
  action: async (site) => {
    const { stack } = site.file;
    try {
      await makePins(site.run, stack);
    } catch (error) {
      throw failed(
        "sums and digests could not be looked up",
        error,
        `make pin STACK=${stack}, once the internet is reached`,
        `or write them by hand: make plan STACK=${stack} lists what is open`,
      );
    }
    const open = openPins(site);
    if (open.length > 0) {
      throw new GuideError(`still open: ${open.join(", ")}`, {
        fixes: [`write them by hand: make plan STACK=${stack} says how each is found`],
      });
    }
    return "looked up, and written";
  },
};

/** Settings that hold zeros, or the sum of nothing, where a sum or a digest belongs. */
function openPins({ file }: Site): string[] {
  return file
    .read()
    .placeholders.filter(({ rule }) => /of (zeros|an empty file)/.test(rule))
    .map(({ path }) => path);
}
