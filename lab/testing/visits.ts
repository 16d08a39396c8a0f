/** Visitors who come all the time, for tests of what must not turn one away. */
import { ask } from "./lab.ts";

/** Visits a second, each on a connection of its own. */
const RATE = 20;

/** How visitors fared. */
export interface Fared {
  /** Each outcome, a status or why there was none, with how often it was. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Milliseconds of the longest visit. */
  readonly longest: number;
}

/**
 * Has visitors come while something is done.
 *
 * @param urls addresses of the website, which they ask in turn
 */
export async function visitedWhile(
  urls: readonly string[],
  work: () => Promise<unknown>,
): Promise<Fared> {
  const visits: Promise<{ readonly outcome: string; readonly took: number }>[] = [];
  const visit = async (url: string): Promise<{ outcome: string; took: number }> => {
    const since = Date.now();
    const outcome = await ask(url).then(
      ({ status }) => String(status),
      (error: unknown) => String(error),
    );
    return { outcome, took: Date.now() - since };
  };
  const timer = setInterval(() => {
    visits.push(visit(urls[visits.length % urls.length] ?? ""));
  }, 1000 / RATE);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  const outcomes: Record<string, number> = {};
  let longest = 0;
  for (const { outcome, took } of await Promise.all(visits)) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    longest = Math.max(longest, took);
  }
  return { outcomes, longest };
}
