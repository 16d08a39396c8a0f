/**
 * What became of votes: the history of what voters sent and were told, against what the database has. A vote
 * that was acknowledged counts once; one that was not may count, once.
 */
import type { CellData, Invariant, Visit } from "./model.ts";
import { isVoteId } from "./visits.ts";

/** What the database of a cell counts. */
export type Counted = Required<Pick<CellData, "counted" | "miscounted">>;

/** A site, as far as its database is asked. */
export interface Database {
  /** What kubectl prints. */
  kubectl(...args: readonly string[]): Promise<string>;
}

/** What the votes of a cell came to. */
export interface History {
  /** Ids that were acknowledged and are not counted. */
  readonly lost: readonly string[];
  /** Ids that are counted more than once. */
  readonly doubled: readonly string[];
  /** What is counted and was never sent. */
  readonly alien: readonly string[];
  readonly sent: number;
  readonly acknowledged: number;
  /** Votes that were never acknowledged, and how many of them are counted: both are as it may be. */
  readonly unacknowledged: number;
  readonly countedAnyway: number;
}

/** Compares what was sent and acknowledged with what is counted. */
export function historyOf({ visits, counted }: Pick<CellData, "visits" | "counted">): History {
  const votes = visits.filter(({ method }) => method === "POST");
  const sent = new Set(votes.map(({ id }) => id));
  const acknowledged = new Set(votes.filter(isAcknowledged).map(({ id }) => id));
  const times = new Map<string, number>();
  for (const id of counted) {
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  return {
    lost: [...acknowledged].filter((id) => !times.has(id)),
    doubled: [...times].flatMap(([id, n]) => (n > 1 ? [id] : [])),
    alien: [...times.keys()].filter((id) => !sent.has(id)),
    sent: sent.size,
    acknowledged: acknowledged.size,
    unacknowledged: sent.size - acknowledged.size,
    countedAnyway: [...sent].filter((id) => !acknowledged.has(id) && times.has(id)).length,
  };
}

function isAcknowledged({ status }: Visit): boolean {
  return status >= 200 && status < 300;
}

/** No acknowledged vote is lost, none counts twice, and nothing counts that nobody sent. */
export const history: Invariant = {
  name: "votes",
  broken: (cell) => {
    const { lost, doubled, alien, sent, acknowledged, ...others } = historyOf(cell);
    const faults = [
      ...told("lost: acknowledged and not counted", lost),
      ...told("doubled: counted more than once", doubled),
      ...told("alien: counted and never sent", alien),
      ...(cell.miscounted ?? []),
    ];
    const { unacknowledged, countedAnyway } = others;
    return faults.length === 0
      ? []
      : [
          ...faults,
          `of ${sent} votes ${acknowledged} were acknowledged; ` +
            `${countedAnyway} of the other ${unacknowledged} are counted, which is no fault`,
        ];
  },
};

/** How many ids a sentence names; the rows have them all. */
const NAMED = 5;

function told(what: string, ids: readonly string[]): string[] {
  if (ids.length === 0) {
    return [];
  }
  const named = ids.slice(0, NAMED).join(", ");
  return [`${ids.length} ${what}: ${named}${ids.length > NAMED ? ", …" : ""}`];
}

/**
 * Ballots, oldest first, and the tally that the page shows, in one statement: both are of one moment. Tables are
 * those of apps/website/service/src/store/migrations.ts.
 */
const QUERY = `
  SELECT kind, name, value FROM (
    SELECT 'ballot', id::text, answer, cast_at FROM ballots
    UNION ALL SELECT 'tally', answer, sum(votes)::text, NULL FROM tally GROUP BY answer
  ) AS counted (kind, name, value, cast_at) ORDER BY cast_at, name`;

/**
 * psql in the database's pod. The socket there asks for no password, in the official image as in the lab's: its
 * documentation says that trust authentication is set up for connections from inside the container.
 */
const PSQL = [
  ...["exec", "--namespace=website", "statefulset/database", "--container=postgres", "--"],
  ...["psql", "--username=poll", "--dbname=poll", "--no-psqlrc", "--set=ON_ERROR_STOP=1"],
  ...["--quiet", "--tuples-only", "--no-align", "--field-separator=|", "--command"],
];

/**
 * What the database counts of a cell's votes: ballots with ids that were sent in it, and all others that were
 * cast since the first of them. Earlier ballots are of earlier cells.
 *
 * @throws Error when kubectl or psql fails, or prints something else than rows
 */
export async function countedVotes(database: Database, visits: readonly Visit[]): Promise<Counted> {
  return countedOf(await database.kubectl(...PSQL, QUERY), visits);
}

/** What psql's rows say of a cell's votes. */
export function countedOf(rows: string, visits: readonly Visit[]): Counted {
  const sent = new Set(visits.filter(({ method }) => method === "POST").map(({ id }) => id));
  const ballots: { readonly id: string; readonly answer: string }[] = [];
  const tally = new Map<string, number>();
  for (const row of rows.split("\n").filter((line) => line.trim() !== "")) {
    const [kind, name = "", value = ""] = row.trim().split("|");
    if (kind === "ballot" && isVoteId(name) && value !== "") {
      ballots.push({ id: name, answer: value });
    } else if (kind === "tally" && /^\d+$/.test(value)) {
      tally.set(name, Number(value));
    } else {
      throw new Error(`psql printed a line that is neither a ballot nor a tally: ${row}`);
    }
  }
  const first = ballots.findIndex(({ id }) => sent.has(id));
  return {
    counted: first === -1 ? [] : ballots.slice(first).map(({ id }) => id),
    miscounted: differences(ballots, tally),
  };
}

/** Where the tally, which is what the page shows, is not the number of ballots. */
function differences(
  ballots: readonly { readonly answer: string }[],
  tally: ReadonlyMap<string, number>,
): string[] {
  const cast = new Map<string, number>();
  for (const { answer } of ballots) {
    cast.set(answer, (cast.get(answer) ?? 0) + 1);
  }
  return [...new Set([...cast.keys(), ...tally.keys()])].sort().flatMap((answer) => {
    const [votes, counted] = [cast.get(answer) ?? 0, tally.get(answer) ?? 0];
    return votes === counted
      ? []
      : [`the tally of ${answer} is ${counted}, and there are ${votes} ballots for it`];
  });
}
