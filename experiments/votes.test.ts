import { describe, expect, it } from "vitest";

import type { CellData, Visit } from "./model.ts";
import { countedOf, countedVotes, history, historyOf } from "./votes.ts";

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Attempts of a vote with these answers, 0 for none. */
function vote(n: number, ...statuses: readonly number[]): Visit[] {
  return statuses.map((status, attempt) => ({
    ...{ at: n + attempt, latency: 0.01, status, error: status === 0 ? "timeout" : "" },
    ...{ method: "POST", id: id(n), pod: "", node: "" },
  }));
}

const VISIT: Visit = {
  ...{ at: 0, latency: 0.01, status: 200, error: "", method: "GET", id: "", pod: "", node: "" },
};

function cellOf(visits: readonly Visit[], counted: readonly string[]): CellData {
  return { variant: "a", repeat: 1, visits, marks: [], counted };
}

describe("the history of votes", () => {
  it("is well where each acknowledged vote counts once, however often it was sent", () => {
    const cell = cellOf([VISIT, ...vote(1, 201), ...vote(2, 0, 503, 201)], [id(1), id(2)]);
    expect(history.broken(cell)).toEqual([]);
    expect(historyOf(cell)).toEqual({
      ...{ lost: [], doubled: [], alien: [] },
      ...{ sent: 2, acknowledged: 2, unacknowledged: 0, countedAnyway: 0 },
    });
  });

  it("is well where votes that were not acknowledged count once or not at all", () => {
    const cell = cellOf([...vote(1, 0), ...vote(2, 503), ...vote(3, 409)], [id(1)]);
    expect(history.broken(cell)).toEqual([]);
    expect(historyOf(cell)).toMatchObject({ unacknowledged: 3, countedAnyway: 1 });
  });

  it("is well where there are no votes", () => {
    expect(history.broken(cellOf([], []))).toEqual([]);
    expect(history.broken(cellOf([VISIT], []))).toEqual([]);
  });

  it("names votes that are lost, doubled, and of nobody, and how many may count", () => {
    const visits = [...vote(1, 201), ...vote(2, 201), ...vote(3, 0), ...vote(4, 0)];
    expect(history.broken(cellOf(visits, [id(2), id(2), id(3), id(9)]))).toEqual([
      `1 lost: acknowledged and not counted: ${id(1)}`,
      `1 doubled: counted more than once: ${id(2)}`,
      `1 alien: counted and never sent: ${id(9)}`,
      "of 4 votes 2 were acknowledged; 1 of the other 2 are counted, which is no fault",
    ]);
  });

  it("counts a vote once that was acknowledged twice", () => {
    expect(history.broken(cellOf(vote(1, 201, 201), [id(1)]))).toEqual([]);
    expect(history.broken(cellOf(vote(1, 0, 201), [id(1), id(1)]))).toHaveLength(2);
  });

  it("names five of many", () => {
    const visits = [1, 2, 3, 4, 5, 6].flatMap((n) => vote(n, 201));
    const [lost] = history.broken(cellOf(visits, []));
    expect(lost).toMatch(/^6 lost: .*, …$/);
    expect(lost).toContain(id(5));
    expect(lost).not.toContain(id(6));
  });

  it("is broken where the database miscounts", () => {
    const cell = { ...cellOf(vote(1, 201), [id(1)]), miscounted: ["the tally of dog is 2"] };
    expect(history.broken(cell)[0]).toBe("the tally of dog is 2");
  });
});

describe("what the database counts", () => {
  const rows = [
    `ballot|${id(7)}|dog`,
    `ballot|${id(1)}|cat`,
    `ballot|${id(8)}|dog`,
    "tally|cat|1",
    "tally|dog|2",
  ];

  it("are ballots since the first of the cell's own, the others' among them", () => {
    const visits = [VISIT, ...vote(1, 201)];
    expect(countedOf(rows.join("\n"), visits)).toEqual({
      counted: [id(1), id(8)],
      miscounted: [],
    });
  });

  it("is nothing where no vote of the cell is there, or no vote at all", () => {
    expect(countedOf(rows.join("\n"), vote(2, 201)).counted).toEqual([]);
    expect(countedOf("", vote(2, 201))).toEqual({ counted: [], miscounted: [] });
    expect(countedOf(rows.join("\n"), [VISIT]).counted).toEqual([]);
  });

  it("is wrong where the tally is not the number of ballots", () => {
    const wrong = [...rows.slice(0, 3), "tally|dog|3", "tally|hamster|1"];
    expect(countedOf(wrong.join("\n"), vote(1, 201)).miscounted).toEqual([
      "the tally of cat is 0, and there are 1 ballots for it",
      "the tally of dog is 3, and there are 2 ballots for it",
      "the tally of hamster is 1, and there are 0 ballots for it",
    ]);
  });

  it.each(["ballot|7|dog", "tally|dog|many", `ballot|${id(1)}|`, "Defaulted container"])(
    "is not taken from %s",
    (row) => {
      expect(() => countedOf(row, [])).toThrow(`neither a ballot nor a tally: ${row}`);
    },
  );

  it("is asked of psql in the database's pod, over its socket", async () => {
    let asked: readonly string[] = [];
    const kubectl = (...args: readonly string[]): Promise<string> => {
      asked = args;
      return Promise.resolve(rows.join("\n"));
    };
    expect((await countedVotes({ kubectl }, vote(1, 201))).counted).toEqual([id(1), id(8)]);
    expect(asked.slice(0, 6)).toEqual([
      ...["exec", "--namespace=website", "statefulset/database", "--container=postgres"],
      ...["--", "psql"],
    ]);
    expect(asked.filter((arg) => /host|password/.test(arg))).toEqual([]);
    expect(asked.at(-1)).toContain("FROM ballots");
  });
});
